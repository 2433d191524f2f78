# Español
language-name = Español
language-direction = ltr
languages = Idioma
decimal-mark = ,

# The frame of every page
skip = Ir al contenido
help = Ayuda
to-board = Ir al tablón
footer = Esta página viene de la pasarela de { $gateway }, no de internet. Quien la administra puede ver y cambiar lo que aquí se muestra.
captive-title = Mejor en su navegador
captive-how = Esta ventana pequeña lo olvida todo al cerrarse. Para volver más tarde, abra su navegador y escriba esta dirección:

# The board
board-title = Tablón
board-start = ¿Qué quiere hacer?
ask = Pedir ayuda
offer = Ofrecer algo
announce = Avisar
have-code = Tengo una clave
urgent = Urgente
show = Mostrar
kind-all = Todo
kind-need = Se necesita
kind-offer = Se ofrece
kind-notice = Avisos
empty-need = Nadie pide nada en este momento.
empty-offer = Nadie ofrece nada en este momento.
empty-notice = No hay avisos en este momento.
empty-filtered = Aquí no hay nada que coincida con lo que busca.
empty-after = Eso era lo último.
empty-urgent = Solo lo urgente, más arriba.
older-need = Peticiones anteriores
older-offer = Ofertas anteriores
older-notice = Avisos anteriores
search-on = Seguir buscando entre lo anterior
search-open = Buscar y filtrar
search-words = Palabras
search-words-hint = Por ejemplo «pan» o «cargador»
search-zone = Lugar
search-category = Sobre qué
search-urgency = Para cuándo
any-category = Todo
any-urgency = Cualquier momento
search-send = Buscar
search-clear = Mostrar todo
board-renews = Sin script, esta página se vuelve a cargar sola cada minuto.
board-still = Detener eso
board-is-still = Esta página queda como está hasta que la cargue de nuevo.
board-renew = Cargarla cada minuto
disk-low = El disco de esta pasarela está casi lleno. Por ahora solo se aceptan publicaciones urgentes.
disk-full = El disco de esta pasarela está lleno. Puede leer, pero por ahora no se puede publicar nada.

# What a post is about, how soon, how it stands
category-food = Comida
category-water = Agua
category-health = Salud
category-shelter = Un lugar donde quedarse
category-power = Electricidad, cargar
category-heat = Calor, frescor
category-transport = Viajes, entregas
category-tools = Herramientas, arreglos
category-childcare = Niños
category-care = Cuidados
category-clothing = Ropa, mantas
category-hygiene = Aseo, limpieza
category-language = Idiomas, papeles
category-animals = Animales
category-company = Compañía
category-other = Otra cosa
urgency-now = Ahora: vida o seguridad
urgency-today = Hoy
urgency-week = Esta semana
urgency-whenever = Cuando se pueda
status-open = espera ayuda
status-available = disponible
status-assigned = alguien vendrá
status-promised = ya reservado
status-underway = la ayuda está en camino
status-done = hecho, sin confirmar todavía
status-confirmed = hecho
status-withdrawn = retirado
status-referred = enviado a otro lugar
status-duplicate = continúa en otra publicación
status-active = vigente
status-unconfirmed = sin confirmar: lo dice un solo hogar
status-cancelled = anulado
status-superseded = sustituido por uno más nuevo
status-of = { $status } ({ $filled } de { $slots })
exercise = Simulacro, no es real
test = Prueba, no es real
severity-unknown = No se sabe
severity-minor = Poco o ningún peligro
severity-moderate = Posible peligro
severity-severe = Peligro grave
severity-extreme = Peligro extremo
certainty-unknown = No se sabe
certainty-observed = Visto con los propios ojos
certainty-likely = Probable
certainty-possible = Posible
certainty-unlikely = Poco probable

# Times
time-now = ahora mismo
ago-minutes = { $n ->
    [one] hace { $n } minuto
   *[other] hace { $n } minutos
}
ago-hours = { $n ->
    [one] hace { $n } hora
   *[other] hace { $n } horas
}
ago-days = { $n ->
    [one] hace { $n } día
   *[other] hace { $n } días
}
span-minutes = { $n ->
    [one] { $n } minuto
   *[other] { $n } minutos
}
span-hours = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
}
span-days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}

# The forms to ask, offer and announce
form-problem = Todavía no se ha enviado
form-category = ¿De qué se trata?
form-urgency = ¿Para cuándo?
form-zone = ¿Dónde? (un lugar por su nombre)
form-zone-hint = Por ejemplo «escalera B» o «la escuela». Puede quedar vacío.
form-lines = ¿Cuánto? (puede quedar vacío)
form-item = Qué
form-amount = Cantidad
form-unit = Unidad
form-contact = Cómo contactarle
form-contact-hint = Solo lo ve quien venga a ayudar. Hasta entonces queda guardado bajo llave. Puede quedar vacío.
form-severity = ¿Qué peligro hay?
form-certainty = ¿Qué seguridad tiene?
form-exercise = Es un simulacro, no es real
form-standing = Esto no se agota
need-text = ¿Qué necesita?
need-text-hint = Todos pueden leerlo. No escriba aquí su dirección ni su teléfono.
need-send = Pedirlo
offer-text = ¿Qué puede dar o hacer?
offer-send = Ponerlo en el tablón
notice-text = ¿Qué deben saber todos?
notice-text-hint = Todos pueden leerlo.
notice-send = Publicar el aviso

# After a post
kept-need = Ha pedido ayuda
kept-offer = Su oferta está en el tablón
kept-notice = El aviso está publicado
kept-claim = Gracias
kept-start = Está en camino
kept-done = Gracias, ya está hecho
kept-confirm = Qué buena noticia
kept-withdraw = Se ha retirado
kept-reopen = Está abierto otra vez
kept-other = Queda guardado
kept-here = Guardado en la pasarela de { $gateway }.
kept-reached = { $n ->
    [0] Aún no consta que lo tenga otra pasarela.
    [one] { $n } pasarela más lo tiene.
   *[other] { $n } pasarelas más lo tienen.
}
kept-twice = Ya estaba aquí, así que aparece una sola vez.
kept-claim-first = Ahora figura en el tablón como la persona que viene.
kept-claim-standby = Otros llegaron antes. Le toca a usted si alguien no puede venir.
kept-contact = Cómo contactar. Solo usted ve esto.
kept-code = Su clave
kept-write = Anótela ahora.
kept-shown = Se muestra solo durante { $span }.
kept-code-asker = Con ella puede decir que la ayuda llegó, o retirar esto.
kept-code-giver = Con ella puede ver cómo contactar, decir que está hecho o que no puede venir.
kept-next = ¿Y ahora?
kept-see = Verlo
kept-over = Ya no se muestra
kept-over-why = Una clave se muestra solo durante { $span }. Lo que publicó sigue guardado; mire el tablón.

# One need, offer or notice
item-need = Petición
item-offer = Oferta
item-notice = Aviso
item-lines = Qué y cuánto
item-window = Cuándo
item-window-span = de { $from } a { $until }
item-tags = Conviene saber
item-people = Personas
item-people-of = { $filled } de { $slots }
item-amount = Cantidad
item-standing = No se agota
item-repeat = Se repite
item-see = Véase
item-see-duplicate = la publicación en la que continúa
item-severity = Qué peligro hay
item-certainty = Con qué seguridad
item-voices = Hogares que lo dicen
item-chooses = Quién elige
item-chooses-requester = Quien lo publicó
item-chooses-steward = Una persona encargada
item-contact = Contacto
item-contact-sealed = Solo lo ve quien venga a ayudar
item-stays = Se queda durante
item-zone = Dónde
item-kept = Guardado
item-by = Publicado por
item-by-guest = una persona invitada, en la pasarela de { $gateway }
item-by-member = una persona miembro, en la pasarela de { $gateway }
item-by-gateway = la propia pasarela de { $gateway }
item-answers = Quién respondió
claim-assigned = Alguien en la pasarela de { $gateway } vendrá
claim-underway = Alguien en la pasarela de { $gateway } está en camino
claim-done = Alguien en la pasarela de { $gateway } lo ha hecho
claim-standby = Alguien en la pasarela de { $gateway } espera por si hace falta
claim-no-show = Alguien en la pasarela de { $gateway } no vino
claim-withdrawn = Alguien en la pasarela de { $gateway } al final no puede venir
claim-wordless = Alguien que no escribió nada
answer-need = ¿Puede ayudar?
answer-need-message = Unas palabras para quien pide (puede quedar vacío)
answer-need-send = Yo lo llevo
answer-offer = ¿Lo quiere?
answer-offer-message = Unas palabras para quien ofrece (puede quedar vacío)
answer-offer-send = Lo quiero
answer-enough = Ya han respondido suficientes personas. Aun así puede ser la siguiente, si alguien no puede venir.
mine = Yo publiqué esto
mine-confirm = Llegó, gracias
mine-withdraw = Retirarlo
mine-reopen = Abrirlo otra vez
mine-whom = ¿De quién se trata?
mine-nobody = Nadie
mine-assign = Que venga esta persona
mine-no-show = No vino
helper = Yo respondí a esto
helper-start = Voy en camino: mostrar cómo contactar
helper-done = Ya lo hice
helper-withdraw = Al final no puedo ir
notice-seen = ¿Usted también lo ha visto?
notice-cosign = Sí, en mi hogar decimos lo mismo
notice-mine = Yo publiqué este aviso
notice-cancel = Anularlo

# Code words
code-title = Clave
code-hint = Tres palabras sencillas en inglés, como «lamp river seven»
code-act = ¿Qué quiere decir?
code-confirm = La ayuda llegó (yo la pedí)
code-withdraw = Retirarlo
code-start = Voy en camino: mostrar cómo contactar
code-done = Ya lo hice (yo ayudé)
code-send = Enviar

# Why something was not taken
refusal-missing = Por favor, rellene este campo.
refusal-choose = Por favor, elija una opción.
refusal-too-long = Es demasiado largo: solo cabe cerca del { $percent } %. Por favor, acórtelo.
refusal-amount = Escriba la cantidad como un número, por ejemplo 2 o 1,5.
refusal-item = Escriba qué es lo que lleva cantidad.
refusal-value = Esto no se puede aceptar así. Por favor, cámbielo.
refusal-sign = Contiene un signo que no se puede guardar. Por favor, escríbalo otra vez.
refusal-code = Esa no es la clave correcta. Son tres palabras, tal como se le mostraron.
refusal-guesses = Demasiadas claves equivocadas. Inténtelo de nuevo dentro de { $span }.
refusal-posts = Demasiadas veces en poco tiempo. Inténtelo de nuevo dentro de { $span }.
refusal-elsewhere = Esto se publicó en la pasarela { $gateway }. Su clave funciona allí.
refusal-gone = Esto ya no está aquí. Puede que haya terminado.
refusal-state = Eso ya no se puede hacer. Por favor, mire de nuevo cómo está.
refusal-open-now = Ya tiene una petición abierta marcada «Ahora». Termine esa primero o elija otro momento.
refusal-open = Ya tiene { $n } publicaciones abiertas, que es el máximo. Termine una primero.
refusal-full = En esta pasarela no caben más publicaciones. Inténtelo más tarde.
refusal-disk = El disco de la pasarela está casi lleno. Puede leer; se aceptarán publicaciones cuando haya sitio.
refusal-busy = La pasarela está ocupada. Por favor, envíelo otra vez.
refusal-other = La pasarela no pudo aceptarlo. Por favor, inténtelo de nuevo.

# Pages that are not there
fault-title = Eso no funcionó
fault-title-gone = No está aquí
fault-title-wait = Un momento
fault-not-found = Aquí no hay ninguna página así. Puede que haya terminado, o que la dirección tenga un error.
fault-away = La pasarela está arrancando o apagándose. Inténtelo de nuevo en un momento.
fault-cross-site = Este formulario venía de la página de otro sitio. Abra la página de la pasarela e inténtelo de nuevo.
fault-too-slow = Tardó demasiado en llegar. Por favor, inténtelo de nuevo.
fault-too-large = Es demasiado de una vez. Por favor, acórtelo.
fault-address = La dirección es demasiado larga.
fault-broken = Algo falló aquí. Ha quedado anotado, y lo guardado está a salvo.
fault-other = La pasarela no pudo entender esa solicitud.

# Help
help-title = Cómo funciona
help-post = Pedir, ofrecer, avisar
help-post-text = Escriba lo que necesita o puede dar. Sin cuenta, sin aplicación, sin internet. Todos en esta red pueden leerlo.
help-code = Su clave
help-code-text = Después de publicar se le muestran tres palabras. Anótelas. Quien las conoce puede decir que la ayuda llegó, o retirar la publicación. Solo funcionan en la pasarela de { $gateway }.
help-answer = Responder a alguien
help-answer-text = Abra lo que escribió y pulse «Yo lo llevo». Usted también recibe una clave: con ella puede ver cómo contactar, decir que está en camino y decir que está hecho.
help-reach = Cómo contactarle
help-reach-text = Lo que escribe en «Cómo contactarle» queda bajo llave y solo se muestra a quien venga a ayudar. No escriba su dirección ni su teléfono en el texto abierto.
help-kept = ¿Queda guardado?
help-kept-text = Cuando ve su clave, su publicación está en el disco de esta pasarela y resiste un corte de luz.
help-trust = En quién confía aquí
help-trust-text = Nada de esto pasa por internet, y nada va cifrado en el camino hasta su teléfono. Quien administra esta pasarela, o se hace pasar por ella, puede ver y cambiar la página. Escriba aquí lo que pegaría en una puerta.
help-paper = En papel
help-poster = Cartel para la puerta
help-bulletin = El tablón para imprimir
help-tinker = Para curiosos
help-tinker-text = El mismo tablón habla MQTT ({ $mqtt }, o WebSocket en { $socket }) y JSON ({ $json }).

# On paper
poster-title = Aquí los vecinos se ayudan
poster-lead = Sin aplicación. Sin cuenta. Sin internet.
poster-wifi = 1. Conéctese al wifi
poster-wifi-name = Nombre: { $name }
poster-wifi-password = Contraseña: { $password }
poster-wifi-open = Sin contraseña
poster-page = 2. Abra la página
poster-page-how = Apunte la cámara al cuadro, o escriba esta dirección en su navegador:
poster-wifi-code = Código que conecta al wifi { $name }
poster-page-code = Código que abre { $page }
poster-print = Imprima esta página desde el menú del navegador y péguela donde pase la gente.
bulletin-title = El tablón del vecindario
bulletin-as-of = Así estaba el { $time }
bulletin-how = Para responder, abra { $page } en esta red, o dígaselo a alguien que pueda.
bulletin-more = Hay más en la página.

# La llave del teléfono
help-key = Una llave propia
me = Mi llave
me-what = Una llave vive en el navegador de este teléfono y firma lo que publica. Así no necesita palabras clave, y solo quien viene puede leer cómo contactarle.
me-needs-script = Esto necesita JavaScript y un navegador que guarde lo que se le da: abra esta página en el navegador de su teléfono. Todo lo demás funciona sin llave.
me-beware = Quien maneja esta pasarela, o la imita, podría cambiar esta página y abusar de una llave. En el tablón puede hacerlo todo sin ella.
me-make = Crear una llave
me-have-one = Tengo una anotada
me-all-groups = Los diecisiete grupos de cifras
me-digits-wrong = Hay un error en este grupo:
me-bring-back = Recuperarla
me-write-down = Primero, anótela
me-write-down-why = Algunos navegadores olvidan una llave tras siete días sin visitas; estas cifras la recuperan. Fotografíe la imagen o anote las cifras. Quien las tenga tiene su llave.
me-type-group = Para estar seguros, escriba el grupo con este número:
me-group-wrong = Ese no es el grupo. Mire el número que lleva delante.
me-written-down = La tengo anotada
me-drop = Mejor sin llave
me-name = Este teléfono firma lo que publica como
me-show = Mostrar otra vez la copia
me-secret = Quien tenga estas cifras tiene su llave.
me-keeper = Para quien cuida esta pasarela
me-keeper-how = Para abrir la página de quien cuida con este teléfono, ejecute esta orden en la propia pasarela:
me-forget = Olvidar la llave en este teléfono
me-forget-what = Sin las cifras anotadas no puede volver, y lo que publicó con ella ya no se podrá cambiar.
me-forget-now = Olvidarla

# Lo que dice el script. Una línea cada uno.
script-away = La pasarela está fuera de alcance. Lo que ve es de antes; lo que escriba espera en este teléfono.
script-new = Nuevo en el tablón: { $n }
script-updated = El tablón ha cambiado.
script-found = Se muestran: { $n }
script-mine = Desde este teléfono
script-noted = Anotado en este teléfono. Sale cuando la pasarela esté al alcance.
script-kept = Guardado aquí.
script-reached = Guardado aquí. Otras puertas de enlace que lo tienen: { $n }
script-refused = No se aceptó: { $why }
script-code = Palabra clave: { $code }
script-remove = Quitar de esta lista
script-signs = Firmado con la llave de este teléfono { $name }.
script-contact = Cómo contactar. Solo usted ve esto.
script-waiting = Cómo contactar llega desde su propio teléfono, en cuanto esté al alcance.
script-no-key = Su contacto sigue cerrado: alguien que viene no tiene llave en su teléfono.
script-handed-on = Su contacto está cerrado para quien viene, y para nadie más.

# The way out of the window that phones open by themselves
portal-open = Abrir en mi navegador
portal-title = Ábralo en su navegador
portal-why = Está en la pequeña ventana que su teléfono abre solo. Aquí funciona, pero esta ventana lo olvida todo y se cierra cuando pasa a otra aplicación. Su navegador lo conserva.
portal-or-type = O escriba esta dirección en su navegador:
portal-passed-title = Ahora abra su navegador
portal-passed-how = Cierre esta ventana, abra su navegador y escriba esta dirección:
portal-passed-while = Su teléfono da por buena esta red wifi durante { $minutes } minutos. Después puede volver a mostrar la pequeña ventana.
portal-wrong-host = Esta pasarela no se llama así, por lo que no se hizo nada. Abra { $address } y pruebe otra vez.

# The keeper's page
keeper-title = Página de quien cuida
keeper-no-password = Todavía no hay contraseña, así que nadie puede entrar. En la propia pasarela, ejecute esta orden:
keeper-damaged = El archivo de la contraseña está dañado, así que nadie puede entrar. En la propia pasarela, póngala de nuevo:
keeper-password = Contraseña
keeper-password-hint = Para quien cuida esta pasarela. Todo lo demás funciona sin ella.
keeper-log-in = Entrar
keeper-log-out = Salir
keeper-wrong = Esa no es la contraseña.
keeper-wait = Demasiados intentos. Espere { $seconds } segundos y pruebe otra vez.
keeper-or-key = O deje entrar a un teléfono con su propia llave: su página «Mi llave» muestra la orden.
keeper-key-in = Entrar con la llave de este teléfono
keeper-key-unknown = Este teléfono no tiene permiso para entrar. En la propia pasarela, ejecute esta orden y pruebe otra vez:
keeper-key-wait = Demasiados intentos. Espere un minuto y pruebe otra vez.
keeper-only-key = Un teléfono con permiso abre esta página con su propia llave, con script.
keeper-set-password = Para poner también una contraseña, ejecute esta orden en la propia pasarela:
keeper-old-form = Este formulario es de otro momento o lugar. Abra la página de nuevo y pruebe otra vez.
keeper-not-done = No se hizo.
keeper-copied = Otra máquina cercana se anuncia con la clave de esta pasarela: su tarjeta fue copiada. Apague una de las dos.
keeper-peers = Otras pasarelas
keeper-peers-none = Todavía no está unida a ninguna pasarela.
keeper-linked = Con enlace desde hace { $span }.
keeper-heard = Última señal hace { $span }.
keeper-no-link = Sin enlace.
keeper-no-link-heard = Sin enlace. Última señal hace { $span }.
keeper-complete = Todo lo que tiene está aquí.
keeper-traffic = Por enviar { $out }, por llegar { $in } · { $got } recibidos, { $sent } enviados
keeper-remove = Quitar
keeper-removed = Ya no está unida a { $name }. Lo que llegó de ella se queda aquí.
keeper-near = Cerca y sin unir
keeper-near-how = Para unirla: quien la cuida hace allí un código y usted lo escribe aquí.
keeper-codes = Códigos en curso
keeper-code-tried = Todavía no se encontraron; se sigue probando durante un día.
keeper-code-given-up = Este código no sirve. Seguramente ya se usó o es viejo: pida uno nuevo.
keeper-code-drop = Dejarlo
keeper-code-dropped = Ese código ya no se prueba.
keeper-invite-how = Para quien cuida otra pasarela: un código que une las dos. Sirve una vez, durante un día.
keeper-invite = Hacer un código
keeper-invited = El código para la otra pasarela:
keeper-invited-picture = El código como imagen para escanear
keeper-invited-where = Dice que a esta pasarela se la llama en { $addresses }.
keeper-invited-nowhere = Esta pasarela no tiene dirección a la que llamar; deben oírla en una red común.
keeper-code = Un código de otra pasarela
keeper-code-hint = Mayúsculas o minúsculas, guiones, O o 0, I o 1: da igual.
keeper-add = Unir
keeper-added = Guardado. Se unen en cuanto se encuentren; mire la lista.
keeper-code-missing = Escriba aquí el código.
keeper-no-unknown-peer = Esa pasarela ya no está en la lista.
keeper-no-wrong-code = Esto no es un código, o una letra está mal.
keeper-no-own-code = Este código se hizo aquí. Escríbalo en la otra pasarela.
keeper-no-too-many = Ya hay tantos como puede haber. Quite uno antes.
keeper-sure-peer = ¿Quitar esta pasarela?
keeper-sure-code = ¿Dejar este código?
keeper-sure-what = Ya no se intercambia nada con ella. Lo que llegó se queda aquí. Para volver a unirla hace falta un código nuevo.
keeper-sure-yes = Sí, hacerlo
keeper-sure-no = No, volver
keeper-bundles = Llevar mensajes con el teléfono
keeper-bundles-why = Donde no hay enlace, un teléfono puede llevar lo publicado: descargue aquí un archivo y súbalo en la página de otra pasarela. Nada de él se puede cambiar por el camino.
keeper-export = Descargar un archivo con todo
keeper-import-file = Un archivo de otra pasarela
keeper-import-hint = Su nombre termina en .cbundle. Como mucho { $bytes }.
keeper-import = Subirlo
keeper-file-missing = Elija antes un archivo.
keeper-carrying = Hay otro archivo en camino. Pruebe dentro de un minuto.
keeper-no-room = No hay sitio suficiente en el disco de esta pasarela.
keeper-storage = Almacenamiento
keeper-entries = Entradas guardadas
keeper-journal = Diario
keeper-free = Libre en el disco
keeper-guard = Mensajes
keeper-guard-ok = se aceptan
keeper-guard-low = solo los urgentes: el disco está casi lleno
keeper-guard-full = ninguno: el disco está lleno
keeper-damaged-pieces = Trozos dañados hallados al arrancar
keeper-posts = Desde el arranque
keeper-posts-said = { $kept } guardados, { $refused } rechazados
keeper-uptime = En marcha desde hace
keeper-clock = Reloj
keeper-clock-best = Mejor estimación
keeper-clock-from = No antes de
keeper-clock-until = No después de
keeper-clock-open = nadie lo sabe
keeper-clock-source = De dónde viene
keeper-clock-synchronised = la garantiza un servicio de hora o un módulo de reloj
keeper-clock-estimated = el reloj de esta máquina; nadie lo garantiza
keeper-clock-unknown = nadie lo puso en hora: conéctela una vez a internet o use timedatectl set-time. No se pierde nada
keeper-covenant = El acuerdo de la comunidad
keeper-covenant-none = Todavía no se ha fundado ninguno, así que aquí no se cuentan horas.
keeper-covenant-how = Cuando los fundadores se hayan puesto de acuerdo, esta orden lo funda, en la propia pasarela:
keeper-covenant-limit = { $unit }: hasta { $limit } por debajo de cero
keeper-covenant-units = Lo que se cuenta
keeper-covenant-roaming = De ello, lejos de la propia pasarela
keeper-covenant-quorum = Hogares para una decisión
keeper-covenant-recovery = Una llave nueva por otra perdida espera
keeper-covenant-founders = Fundadores
keeper-covenant-id = Su marca
keeper-covenant-records = Registros en el libro
keeper-limits = Límites vigentes
keeper-limits-where = Se cambian en commonsd.toml.
keeper-limit-posts = Mensajes por minuto de un remitente
keeper-limit-burst = Mensajes de una vez
keeper-limit-open = Asuntos abiertos de un remitente
keeper-limit-items = Asuntos vivos en total
keeper-limit-journal = Tamaño del diario
keeper-limit-reserve = Disco que queda libre
keeper-limit-hops = Enlaces hasta la pasarela más lejana
keeper-limit-stewards = Responsables
keeper-refusals = Últimos rechazos
keeper-refusals-what = Desde cuándo, en qué puerta, por qué y el final de la dirección del aparato. Nunca lo que alguien escribió.
keeper-refusals-none = Ninguno desde el arranque.
keeper-backup = Copia de seguridad
keeper-backup-how = La copia lleva la clave de la pasarela; por eso se hace en la propia pasarela y se guarda como la llave de casa:
keeper-ago = hace { $span }
keeper-span-seconds = { $n } s
keeper-span-minutes = { $n } min
keeper-span-hours = { $n } h
keeper-span-days = { $n } días

board-more = Más de este lugar

# Shared things
stock = Cosas compartidas
stock-lead = Lo que entró, lo que salió, quién lo contó y lo que está prestado. Todo el barrio puede leerlo.
stock-empty = Todavía no hay nada anotado.
stock-more = Hay más: la lista entera, para programas.
stock-write = Anotar algo
stock-now = { $amount } aquí
stock-lent = { $amount } en préstamo
stock-days = Día por día
stock-day = Día
stock-came = Entró
stock-went = Salió
stock-guest = alguien de paso por { $gateway }
stock-counted = Contado el { $day }: { $amount } ({ $people })
stock-counted-one = Contado el { $day } por una sola persona: { $amount } ({ $people }). Vale cuando otra persona también lo haya contado.
stock-agree = Yo también conté, es correcto
stock-loan = { $amount } lo tiene { $person } desde el { $day } (anotado por { $by }).
stock-due = Se devuelve el { $day }.
stock-overdue = Debía devolverse el { $day }.
stock-back-amount = Cuánto ha vuelto
stock-back = Ha vuelto
stock-act = ¿Qué pasó?
stock-act-in = Entró
stock-act-out = Salió
stock-act-count = Lo conté
stock-act-loan = Está prestado
stock-place = ¿Dónde se guarda?
stock-place-hint = Con un nombre que el barrio conozca: despensa, taller
stock-who = De quién o a quién
stock-who-hint = Hace falta si algo se presta. Todo el mundo puede leerlo.
stock-due-day = Se devuelve el
stock-due-hint = Solo si algo se presta. Año, mes, día: 2026-12-01
stock-send = Anotarlo
pots = Fondos comunes
kept-stock = Está anotado
kept-count = El recuento vale cuando otra persona también haya contado y lo diga en la página de cosas compartidas.
refusal-not-there = Es más de lo que hay: { $amount }.
refusal-own-count = Este recuento es tuyo. Otra persona tiene que confirmarlo.
refusal-day = Escribe el día así: 2026-12-01.

# The scorecard
score = Cómo damos y recibimos
score-lead = Se muestra, nunca se impone. Todo el mundo ve solo sumas, y solo donde participan al menos cinco hogares.
score-nobody = Aquí nadie ha fundado todavía una comunidad. Por eso solo se cuentan las necesidades.
score-households-of =
    { $n ->
        [one] { $n } hogar
       *[other] { $n } hogares
    }
score-members-of =
    { $n ->
        [one] { $n } miembro
       *[other] { $n } miembros
    }
score-month = { $from } a { $until }
score-so-far = hasta ahora
score-quiet = Todavía no hay nada que se pueda mostrar.
score-needs = Necesidades publicadas en este tiempo
score-urgency = Cuándo
score-asked = Pedidas
score-helped = Atendidas
score-unmet = Sin ayuda
score-open = Abiertas
score-percent = Parte atendida
score-wait = La mitad tuvo ayuda en
score-few-people = < 5: pidieron menos de cinco personas, por eso no se muestra.
score-flows = Dado y recibido
score-unit = En
score-circulation = Movido
score-velocity = Rotación
score-households = Hogares
score-given = Dado, en total
score-given-middle = Dado, hogar del medio
score-received-middle = Recibido, hogar del medio
score-few = < 5: participan menos de cinco hogares, por eso no se muestra.
score-reliance = El { $percent } % de los hogares dio, recibió o fue ayudado.
score-uneven = { $unit }: menos hogares cargan con más de lo que explica el azar. ¿Quién podría encargarse de algo?
score-few-hands = { $unit }: es como si menos de uno de cada cuatro hogares hubiera dado algo.
score-words = Qué significan las palabras
score-words-given = Dado: en el crédito mutuo, quien cobra ha dado. Los pagos dentro de un hogar no cuentan, y lo que va a un fondo común se cuenta en la página de cosas compartidas.
score-words-velocity = Rotación: lo movido, dividido por la mitad de todos los saldos sin su signo.
score-words-uneven = Hay un aviso donde el azar solo sería igual de desigual menos de una vez de cada veinte. Así que uno de cada veinte avisos es falso.
score-words-needs = Las necesidades que ya terminaron las cuenta esta pasarela tal como las conoció. Otra pasarela puede haber oído algo más o algo menos.
score-own = Lo que trata solo de usted se le dice solo a usted: las sumas de su hogar, y un aviso si su saldo está lejos de los demás o da mucho menos que antes.
score-not-kept = Todavía no se lleva: cuántas veces cambian de manos las tareas, los conflictos resueltos entre vecinos, y cuántas semanas alguien ocupa un cargo.
