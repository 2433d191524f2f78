# Português
language-name = Português
language-direction = ltr
languages = Idioma
decimal-mark = ,

# The frame of every page
skip = Ir para o conteúdo
help = Ajuda
to-board = Ir para o quadro
footer = Esta página vem da estação de { $gateway }, não da internet. Quem cuida dela pode ver e mudar o que aparece aqui.
captive-title = Melhor no seu navegador
captive-how = Esta janela pequena esquece tudo quando se fecha. Para voltar mais tarde, abra o seu navegador e escreva este endereço:

# The board
board-title = Quadro
board-start = O que quer fazer?
ask = Pedir ajuda
offer = Oferecer algo
announce = Avisar
have-code = Tenho uma senha
urgent = Urgente
show = Mostrar
kind-all = Tudo
kind-need = Pedidos
kind-offer = Ofertas
kind-notice = Avisos
empty-need = Ninguém está a pedir nada neste momento.
empty-offer = Nada é oferecido neste momento.
empty-notice = Não há avisos neste momento.
empty-filtered = Nada aqui corresponde ao que procura.
empty-after = Era o último.
empty-urgent = Só o que é urgente, mais acima.
older-need = Pedidos mais antigos
older-offer = Ofertas mais antigas
older-notice = Avisos mais antigos
search-on = Continuar a procurar nos mais antigos
search-open = Procurar e filtrar
search-words = Palavras
search-words-hint = Por exemplo «pão» ou «carregador»
search-zone = Lugar
search-category = Assunto
search-urgency = Para quando
any-category = Tudo
any-urgency = Qualquer altura
search-send = Procurar
search-clear = Mostrar tudo
board-renews = Sem script, esta página volta a carregar sozinha a cada minuto.
board-still = Parar isso
board-is-still = Esta página fica como está até a carregar de novo.
board-renew = Carregá-la a cada minuto
disk-low = O disco desta estação está quase cheio. Por agora só se aceitam mensagens urgentes.
disk-full = O disco desta estação está cheio. Pode ler, mas por agora nada pode ser publicado.

# What a post is about, how soon, how it stands
category-food = Comida e refeições
category-water = Água
category-health = Saúde
category-shelter = Um lugar para ficar
category-power = Eletricidade, carregar
category-heat = Calor, frescura
category-transport = Transporte, entregas
category-tools = Ferramentas, reparações
category-childcare = Crianças
category-care = Cuidados
category-clothing = Roupa, cobertores
category-hygiene = Higiene, limpeza
category-language = Línguas, documentos
category-animals = Animais
category-company = Companhia
category-other = Outra coisa
urgency-now = Agora: vida ou segurança
urgency-today = Hoje
urgency-week = Esta semana
urgency-whenever = Quando for possível
status-open = à espera de ajuda
status-available = disponível
status-assigned = alguém virá
status-promised = já reservado
status-underway = a ajuda está a caminho
status-done = feito, ainda por confirmar
status-confirmed = feito
status-withdrawn = retirado
status-referred = encaminhado para outro lugar
status-duplicate = continua noutra mensagem
status-active = em vigor
status-unconfirmed = por confirmar: só uma casa o diz
status-cancelled = anulado
status-superseded = substituído por um mais novo
status-of = { $status } ({ $filled } de { $slots })
exercise = Exercício, não é real
test = Teste, não é real
severity-unknown = Não se sabe
severity-minor = Pouco ou nenhum perigo
severity-moderate = Perigo possível
severity-severe = Perigo grave
severity-extreme = Perigo extremo
certainty-unknown = Não se sabe
certainty-observed = Visto com os próprios olhos
certainty-likely = Provável
certainty-possible = Possível
certainty-unlikely = Pouco provável

# Times
time-now = agora mesmo
ago-minutes = { $n ->
    [one] há { $n } minuto
   *[other] há { $n } minutos
}
ago-hours = { $n ->
    [one] há { $n } hora
   *[other] há { $n } horas
}
ago-days = { $n ->
    [one] há { $n } dia
   *[other] há { $n } dias
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
    [one] { $n } dia
   *[other] { $n } dias
}

# The forms to ask, offer and announce
form-problem = Ainda não foi enviado
form-category = De que se trata?
form-urgency = Para quando?
form-zone = Onde? (um lugar pelo nome)
form-zone-hint = Por exemplo «escada B» ou «a escola». Pode ficar vazio.
form-lines = Quanto? (pode ficar vazio)
form-item = O quê
form-amount = Quantidade
form-unit = Unidade
form-contact = Como entrar em contacto consigo
form-contact-hint = Mostrado só a quem vier ajudar. Até lá fica guardado à chave. Pode ficar vazio.
form-severity = Qual é o perigo?
form-certainty = Tem a certeza?
form-exercise = É um exercício, não é real
form-standing = Isto não se esgota
need-text = De que precisa?
need-text-hint = Todos podem ler. Não escreva aqui a sua morada nem o seu telefone.
need-send = Pedir
offer-text = O que pode dar ou fazer?
offer-send = Pôr no quadro
notice-text = O que devem todos saber?
notice-text-hint = Todos podem ler.
notice-send = Publicar o aviso

# After a post
kept-need = Pediu ajuda
kept-offer = A sua oferta está no quadro
kept-notice = O aviso está publicado
kept-claim = Obrigado
kept-start = Está a caminho
kept-done = Obrigado, está feito
kept-confirm = Que bom saber
kept-withdraw = Foi retirado
kept-reopen = Está aberto outra vez
kept-other = Está guardado
kept-here = Guardado na estação de { $gateway }.
kept-reached = { $n ->
    [0] Que se saiba, nenhuma outra estação o tem ainda.
    [one] Mais { $n } estação o tem.
   *[other] Mais { $n } estações o têm.
}
kept-twice = Já estava aqui, por isso aparece uma só vez.
kept-claim-first = Agora está no quadro como a pessoa que vem.
kept-claim-standby = Outros foram mais rápidos. É a pessoa seguinte, se alguém não puder vir.
kept-contact = Como entrar em contacto. Só você vê isto.
kept-code = A sua senha
kept-write = Anote-a agora.
kept-shown = Só é mostrada durante { $span }.
kept-code-asker = Com ela pode dizer que a ajuda chegou, ou retirar isto.
kept-code-giver = Com ela pode ver como entrar em contacto, dizer que está feito ou que não pode vir.
kept-next = E agora?
kept-see = Ver
kept-over = Já não é mostrado
kept-over-why = Uma senha só é mostrada durante { $span }. O que publicou continua guardado; veja o quadro.

# One need, offer or notice
item-need = Pedido
item-offer = Oferta
item-notice = Aviso
item-lines = O quê e quanto
item-window = Quando
item-window-span = de { $from } a { $until }
item-tags = É bom saber
item-people = Pessoas
item-people-of = { $filled } de { $slots }
item-amount = Quantidade
item-standing = Não se esgota
item-repeat = Repete-se
item-see = Ver
item-see-duplicate = a mensagem em que continua
item-severity = Qual é o perigo
item-certainty = Com que certeza
item-voices = Casas que o dizem
item-chooses = Quem escolhe
item-chooses-requester = Quem publicou
item-chooses-steward = Uma pessoa responsável
item-contact = Contacto
item-contact-sealed = Mostrado só a quem vier ajudar
item-stays = Fica durante
item-zone = Onde
item-kept = Guardado
item-by = Publicado por
item-by-guest = uma pessoa convidada, na estação de { $gateway }
item-by-member = um membro, na estação de { $gateway }
item-by-gateway = a própria estação de { $gateway }
item-answers = Quem respondeu
claim-assigned = Alguém na estação de { $gateway } virá
claim-underway = Alguém na estação de { $gateway } está a caminho
claim-done = Alguém na estação de { $gateway } já o fez
claim-standby = Alguém na estação de { $gateway } fica à espera, caso seja preciso
claim-no-show = Alguém na estação de { $gateway } não veio
claim-withdrawn = Alguém na estação de { $gateway } afinal não pode vir
claim-wordless = Alguém que não escreveu nada
answer-need = Pode ajudar?
answer-need-message = Uma palavra para quem pede (pode ficar vazio)
answer-need-send = Eu levo
answer-offer = Quer isto?
answer-offer-message = Uma palavra para quem oferece (pode ficar vazio)
answer-offer-send = Eu quero
answer-enough = Já responderam pessoas suficientes. Ainda pode ser a seguinte, se alguém não puder vir.
mine = Fui eu que publiquei isto
mine-confirm = Chegou, obrigado
mine-withdraw = Retirar
mine-reopen = Abrir outra vez
mine-whom = De quem se trata?
mine-nobody = Ninguém
mine-assign = Que venha esta pessoa
mine-no-show = Esta pessoa não veio
helper = Fui eu que respondi
helper-start = Estou a caminho: mostrar como entrar em contacto
helper-done = Já o fiz
helper-withdraw = Afinal não posso ir
notice-seen = Também viu isto?
notice-cosign = Sim, a minha casa diz o mesmo
notice-mine = Fui eu que fiz este aviso
notice-cancel = Anular

# Code words
code-title = Senha
code-hint = Três palavras simples em inglês, como «lamp river seven»
code-act = O que quer dizer?
code-confirm = A ajuda chegou (fui eu que pedi)
code-withdraw = Retirar
code-start = Estou a caminho: mostrar como entrar em contacto
code-done = Já o fiz (fui eu que ajudei)
code-send = Enviar

# Why something was not taken
refusal-missing = Por favor, preencha este campo.
refusal-choose = Por favor, escolha uma opção.
refusal-too-long = É longo demais: só cabem cerca de { $percent } %. Por favor, encurte.
refusal-amount = Escreva a quantidade como um número, por exemplo 2 ou 1,5.
refusal-item = Escreva o que é, onde há uma quantidade.
refusal-value = Isto não pode ser aceite assim. Por favor, mude-o.
refusal-sign = Contém um sinal que não pode ser guardado. Por favor, escreva outra vez.
refusal-code = Essa não é a senha certa. São três palavras, tal como lhe foram mostradas.
refusal-guesses = Demasiadas senhas erradas. Tente outra vez dentro de { $span }.
refusal-posts = Foram demasiadas vezes em pouco tempo. Tente outra vez dentro de { $span }.
refusal-elsewhere = Isto foi publicado na estação { $gateway }. A senha funciona lá.
refusal-gone = Isto já não está aqui. Talvez tenha terminado.
refusal-state = Isso já não é possível. Por favor, veja outra vez em que ponto está.
refusal-open-now = Já tem um pedido aberto marcado «Agora». Termine-o primeiro ou escolha outra altura.
refusal-open = Já tem { $n } mensagens abertas, que é o máximo. Termine uma primeiro.
refusal-full = Esta estação não tem lugar para mais mensagens. Tente mais tarde.
refusal-disk = O disco da estação está quase cheio. Pode ler; voltará a aceitar mensagens quando houver espaço.
refusal-busy = A estação está ocupada. Por favor, envie outra vez.
refusal-other = A estação não pôde aceitar. Por favor, tente outra vez.

# Pages that are not there
fault-title = Isso não funcionou
fault-title-gone = Não está aqui
fault-title-wait = Um momento
fault-not-found = Não há aqui tal página. Talvez tenha terminado, ou o endereço tem um erro.
fault-away = A estação está a arrancar ou a desligar-se. Tente outra vez daqui a pouco.
fault-cross-site = Este formulário veio da página de outro sítio. Abra a página da estação e tente outra vez.
fault-too-slow = Demorou demasiado a chegar. Por favor, tente outra vez.
fault-too-large = É demasiado de uma só vez. Por favor, encurte.
fault-address = O endereço é longo demais.
fault-broken = Algo falhou aqui. Ficou anotado, e o que estava guardado está a salvo.
fault-other = A estação não percebeu esse pedido.

# Help
help-title = Como funciona
help-post = Pedir, oferecer, avisar
help-post-text = Escreva o que precisa ou pode dar. Sem conta, sem aplicação, sem internet. Todos nesta rede podem ler.
help-code = A sua senha
help-code-text = Depois de publicar, são-lhe mostradas três palavras. Anote-as. Quem as conhece pode dizer que a ajuda chegou, ou retirar a mensagem. Só funcionam na estação de { $gateway }.
help-answer = Responder a alguém
help-answer-text = Abra o que essa pessoa escreveu e carregue em «Eu levo». Também recebe uma senha: com ela pode ver como entrar em contacto, dizer que está a caminho e dizer que está feito.
help-reach = Como entrar em contacto consigo
help-reach-text = O que escreve em «Como entrar em contacto consigo» fica guardado à chave e só é mostrado a quem vier ajudar. Não escreva a sua morada nem o seu telefone no texto aberto.
help-kept = Fica guardado?
help-kept-text = Quando vê a sua senha, a sua mensagem está no disco desta estação e resiste a um corte de luz.
help-trust = Em quem confia aqui
help-trust-text = Nada aqui passa pela internet, e nada vai cifrado no caminho até ao seu telefone. Quem cuida desta estação, ou se faz passar por ela, pode ver e mudar a página. Escreva aqui o que afixaria numa porta.
help-paper = Em papel
help-poster = Cartaz para a porta
help-bulletin = O quadro para imprimir
help-tinker = Para curiosos
help-tinker-text = O mesmo quadro fala MQTT ({ $mqtt }, ou WebSocket em { $socket }) e JSON ({ $json }).

# On paper
poster-title = Aqui os vizinhos ajudam-se
poster-lead = Sem aplicação. Sem conta. Sem internet.
poster-wifi = 1. Ligue-se ao Wi-Fi
poster-wifi-name = Nome: { $name }
poster-wifi-password = Palavra-passe: { $password }
poster-wifi-open = Sem palavra-passe
poster-page = 2. Abra a página
poster-page-how = Aponte a câmara ao quadrado, ou escreva este endereço no seu navegador:
poster-wifi-code = Código que liga ao Wi-Fi { $name }
poster-page-code = Código que abre { $page }
poster-print = Imprima esta página pelo menu do navegador e afixe-a onde passam pessoas.
bulletin-title = O quadro da vizinhança
bulletin-as-of = Como estava em { $time }
bulletin-how = Para responder, abra { $page } nesta rede, ou diga a alguém que possa.
bulletin-more = Há mais na página.

# A chave do telefone
help-key = Uma chave sua
me = A minha chave
me-what = Uma chave vive no navegador deste telefone e assina o que publica. Assim não precisa de palavras-chave, e só quem vem pode ler como o contactar.
me-needs-script = Isto precisa de JavaScript e de um navegador que guarde o que lhe dão: abra esta página no navegador do seu telefone. Tudo o resto funciona sem chave.
me-beware = Quem cuida desta estação, ou a imita, poderia mudar esta página e abusar de uma chave. No quadro pode fazer tudo sem ela.
me-make = Criar uma chave
me-have-one = Tenho uma anotada
me-all-groups = Os dezassete grupos de algarismos
me-digits-wrong = Há um erro neste grupo:
me-bring-back = Recuperá-la
me-write-down = Primeiro, anote-a
me-write-down-why = Alguns navegadores esquecem uma chave após sete dias sem visita; estes algarismos trazem-na de volta. Fotografe a imagem ou anote os algarismos. Quem os tiver tem a sua chave.
me-type-group = Para ter a certeza, escreva o grupo com este número:
me-group-wrong = Não é esse o grupo. Veja o número antes dele.
me-written-down = Tenho-a anotada
me-drop = Afinal, sem chave
me-name = Este telefone assina o que publica como
me-show = Mostrar de novo a cópia
me-secret = Quem tiver estes algarismos tem a sua chave.
me-keeper = Para quem cuida desta estação
me-keeper-how = Para abrir a página de quem cuida com este telefone, execute este comando na própria estação:
me-forget = Esquecer a chave neste telefone
me-forget-what = Sem os algarismos anotados ela não pode voltar, e o que publicou com ela já não se pode mudar.
me-forget-now = Esquecê-la

# O que o script diz. Uma linha cada.
script-away = A estação está fora de alcance. O que vê é de antes; o que escrever espera neste telefone.
script-new = Novo no quadro: { $n }
script-updated = O quadro mudou.
script-found = Mostrados: { $n }
script-mine = Deste telefone
script-noted = Anotado neste telefone. Sai quando a estação estiver ao alcance.
script-kept = Guardado aqui.
script-reached = Guardado aqui. Outras estações que o têm: { $n }
script-refused = Não aceite: { $why }
script-code = Palavra-chave: { $code }
script-remove = Tirar desta lista
script-signs = Assinado com a chave deste telefone { $name }.
script-contact = Como contactar. Só você vê isto.
script-waiting = A forma de contactar vem do próprio telefone da pessoa, assim que estiver ao alcance.
script-no-key = O seu contacto continua fechado: alguém que vem não tem chave no telefone.
script-handed-on = O seu contacto está fechado para quem vem, e para mais ninguém.

# The way out of the window that phones open by themselves
portal-open = Abrir no meu navegador
portal-title = Abra no seu navegador
portal-why = Está na pequena janela que o telefone abre sozinho. Aqui funciona, mas esta janela esquece tudo e fecha quando passa para outra aplicação. O navegador guarda tudo.
portal-or-type = Ou escreva este endereço no navegador:
portal-passed-title = Agora abra o navegador
portal-passed-how = Feche esta janela, abra o navegador e escreva este endereço:
portal-passed-while = O telefone dá este Wi-Fi como bom durante { $minutes } minutos. Depois pode voltar a mostrar a pequena janela.
portal-wrong-host = Esta estação não se chama assim, por isso nada foi feito. Abra { $address } e tente de novo.

# The keeper's page
keeper-title = Página de quem cuida
keeper-no-password = Ainda não há palavra-passe, por isso ninguém pode entrar. Na própria estação, execute este comando:
keeper-damaged = O ficheiro da palavra-passe está danificado, por isso ninguém pode entrar. Na própria estação, defina-a de novo:
keeper-password = Palavra-passe
keeper-password-hint = Para quem cuida desta estação. Tudo o resto funciona sem ela.
keeper-log-in = Entrar
keeper-log-out = Sair
keeper-wrong = Essa não é a palavra-passe.
keeper-wait = Demasiadas tentativas. Espere { $seconds } segundos e tente de novo.
keeper-or-key = Ou deixe entrar um telefone com a sua própria chave: a página «A minha chave» mostra o comando.
keeper-key-in = Entrar com a chave deste telefone
keeper-key-unknown = Este telefone não tem autorização para entrar. Na própria estação, execute este comando e tente de novo:
keeper-key-wait = Demasiadas tentativas. Espere um minuto e tente de novo.
keeper-only-key = Um telefone autorizado abre esta página com a sua própria chave, com script.
keeper-set-password = Para definir também uma palavra-passe, execute este comando na própria estação:
keeper-old-form = Este formulário é de outro momento ou lugar. Abra a página de novo e tente outra vez.
keeper-not-done = Não foi feito.
keeper-copied = Outra máquina próxima anuncia-se com a chave desta estação: o cartão foi copiado. Desligue uma das duas.
keeper-peers = Outras estações
keeper-peers-none = Ainda não está ligada a nenhuma estação.
keeper-linked = Com ligação há { $span }.
keeper-heard = Último sinal há { $span }.
keeper-no-link = Sem ligação.
keeper-no-link-heard = Sem ligação. Último sinal há { $span }.
keeper-complete = Tudo o que tem está aqui.
keeper-traffic = Por enviar { $out }, por chegar { $in } · { $got } recebidos, { $sent } enviados
keeper-remove = Remover
keeper-removed = Já não está ligada a { $name }. O que veio dela fica aqui.
keeper-near = Próximas e por ligar
keeper-near-how = Para ligar: quem cuida dela cria lá um código e escreve-se aqui.
keeper-codes = Códigos em curso
keeper-code-tried = Ainda não se encontraram; tenta-se durante um dia.
keeper-code-given-up = Este código não funciona. Provavelmente já foi usado ou é antigo: peça outro.
keeper-code-drop = Desistir
keeper-code-dropped = Esse código já não é tentado.
keeper-invite-how = Para quem cuida de outra estação: um código que liga os dois. Funciona uma vez, durante um dia.
keeper-invite = Criar um código
keeper-invited = O código para a outra estação:
keeper-invited-picture = O código em imagem para ler
keeper-invited-where = Diz que esta estação se chama em { $addresses }.
keeper-invited-nowhere = Esta estação não tem endereço para onde chamar; têm de a ouvir numa rede comum.
keeper-code = Um código de outra estação
keeper-code-hint = Maiúsculas ou minúsculas, hífenes, O ou 0, I ou 1: tanto faz.
keeper-add = Ligar
keeper-added = Guardado. Ficam ligados assim que se encontrem; veja a lista.
keeper-code-missing = Escreva aqui o código.
keeper-no-unknown-peer = Essa estação já não está na lista.
keeper-no-wrong-code = Isto não é um código, ou uma letra está errada.
keeper-no-own-code = Este código foi criado aqui. Escreva-o na outra estação.
keeper-no-too-many = Já há tantos quantos pode haver. Remova um primeiro.
keeper-sure-peer = Remover esta estação?
keeper-sure-code = Desistir deste código?
keeper-sure-what = Nada mais se troca com ela. O que veio fica aqui. Para voltar a ligar é preciso um novo código.
keeper-sure-yes = Sim, fazer
keeper-sure-no = Não, voltar
keeper-bundles = Levar mensagens no telefone
keeper-bundles-why = Onde não há ligação, um telefone pode levar o que foi publicado: descarregue aqui um ficheiro e envie-o na página de outra estação. Nada nele pode ser mudado pelo caminho.
keeper-export = Descarregar um ficheiro com tudo
keeper-import-file = Um ficheiro de outra estação
keeper-import-hint = O nome termina em .cbundle. No máximo { $bytes }.
keeper-import = Enviar
keeper-file-missing = Escolha primeiro um ficheiro.
keeper-carrying = Outro ficheiro está a caminho. Tente dentro de um minuto.
keeper-no-room = Não há espaço suficiente no disco desta estação.
keeper-storage = Armazenamento
keeper-entries = Entradas guardadas
keeper-journal = Diário
keeper-free = Livre no disco
keeper-guard = Mensagens
keeper-guard-ok = são aceites
keeper-guard-low = só as urgentes: o disco está quase cheio
keeper-guard-full = nenhuma: o disco está cheio
keeper-damaged-pieces = Pedaços danificados no arranque
keeper-posts = Desde o arranque
keeper-posts-said = { $kept } guardadas, { $refused } recusadas
keeper-uptime = A funcionar há
keeper-clock = Relógio
keeper-clock-best = Melhor estimativa
keeper-clock-from = Não antes de
keeper-clock-until = Não depois de
keeper-clock-open = ninguém sabe
keeper-clock-source = De onde vem
keeper-clock-synchronised = um serviço de hora ou um módulo de relógio garante-a
keeper-clock-estimated = o relógio desta máquina; ninguém o garante
keeper-clock-unknown = ninguém o acertou: ligue uma vez à internet ou use timedatectl set-time. Nada se perde
keeper-covenant = O acordo da comunidade
keeper-covenant-none = Ainda não foi fundado nenhum, por isso aqui não se contam horas.
keeper-covenant-how = Quando os fundadores estiverem de acordo, este comando funda-o, na própria estação:
keeper-covenant-limit = { $unit }: até { $limit } abaixo de zero
keeper-covenant-units = O que se conta
keeper-covenant-roaming = Disso, longe da própria estação
keeper-covenant-quorum = Casas para uma decisão
keeper-covenant-recovery = Uma chave nova por uma perdida espera
keeper-covenant-founders = Fundadores
keeper-covenant-id = A sua marca
keeper-covenant-records = Registos no livro
keeper-limits = Limites em vigor
keeper-limits-where = Mudam-se em commonsd.toml.
keeper-limit-posts = Mensagens por minuto de um remetente
keeper-limit-burst = Mensagens de uma vez
keeper-limit-open = Assuntos abertos de um remetente
keeper-limit-items = Assuntos vivos ao todo
keeper-limit-journal = Tamanho do diário
keeper-limit-reserve = Disco que fica livre
keeper-limit-hops = Ligações até à estação mais distante
keeper-limit-stewards = Responsáveis
keeper-refusals = Últimas recusas
keeper-refusals-what = Desde quando, em que porta, porquê e o fim do endereço do aparelho. Nunca o que alguém escreveu.
keeper-refusals-none = Nenhuma desde o arranque.
keeper-backup = Cópia de segurança
keeper-backup-how = A cópia contém a chave da estação; por isso faz-se na própria estação e guarda-se como a chave de casa:
keeper-ago = há { $span }
keeper-span-seconds = { $n } s
keeper-span-minutes = { $n } min
keeper-span-hours = { $n } h
keeper-span-days = { $n } dias

board-more = Mais deste lugar

# Shared things
stock = Coisas partilhadas
stock-lead = O que entrou, o que saiu, quem contou e o que está emprestado. Todo o bairro pode ler.
stock-empty = Ainda não há nada anotado.
stock-more = Há mais: a lista inteira, para programas.
stock-write = Anotar algo
stock-now = { $amount } aqui
stock-lent = { $amount } emprestado
stock-days = Dia a dia
stock-day = Dia
stock-came = Entrou
stock-went = Saiu
stock-guest = alguém de passagem por { $gateway }
stock-counted = Contado em { $day }: { $amount } ({ $people })
stock-counted-one = Contado em { $day } por uma só pessoa: { $amount } ({ $people }). Vale quando outra pessoa também tiver contado.
stock-agree = Também contei, está certo
stock-loan = { $amount } com { $person } desde { $day } (anotado por { $by }).
stock-due = A devolver em { $day }.
stock-overdue = Devia ter sido devolvido em { $day }.
stock-back-amount = Quanto voltou
stock-back = Voltou
stock-act = O que aconteceu?
stock-act-in = Entrou
stock-act-out = Saiu
stock-act-count = Contei
stock-act-loan = Está emprestado
stock-place = Onde se guarda?
stock-place-hint = Com um nome que o bairro conheça: despensa, oficina
stock-who = De quem, ou a quem
stock-who-hint = Necessário quando algo é emprestado. Todos podem ler.
stock-due-day = A devolver em
stock-due-hint = Só quando algo é emprestado. Ano, mês, dia: 2026-12-01
stock-send = Anotar
pots = Fundos comuns
kept-stock = Está anotado
kept-count = A contagem vale quando outra pessoa também tiver contado e o disser na página das coisas partilhadas.
refusal-not-there = É mais do que há: { $amount }.
refusal-own-count = Esta contagem é sua. Outra pessoa tem de a confirmar.
refusal-day = Escreva o dia assim: 2026-12-01.

# The scorecard
score = Como damos e recebemos
score-lead = Mostra-se, nunca se impõe. Todos veem apenas somas, e só onde participam pelo menos cinco lares.
score-nobody = Ainda ninguém fundou aqui uma comunidade. Por isso só se contam as necessidades.
score-households-of =
    { $n ->
        [one] { $n } lar
       *[other] { $n } lares
    }
score-members-of =
    { $n ->
        [one] { $n } membro
       *[other] { $n } membros
    }
score-month = { $from } a { $until }
score-so-far = até agora
score-quiet = Ainda nada que se possa mostrar.
score-needs = Necessidades publicadas neste tempo
score-urgency = Quando
score-asked = Pedidas
score-helped = Atendidas
score-unmet = Sem ajuda
score-open = Abertas
score-percent = Parte atendida
score-wait = Metade teve ajuda em
score-few-people = < 5: pediram menos de cinco pessoas, por isso não se mostra.
score-flows = Dado e recebido
score-unit = Em
score-circulation = Movido
score-velocity = Rotação
score-households = Lares
score-given = Dado, no total
score-given-middle = Dado, lar do meio
score-received-middle = Recebido, lar do meio
score-few = < 5: participam menos de cinco lares, por isso não se mostra.
score-reliance = { $percent } % dos lares deram, receberam ou foram ajudados.
score-uneven = { $unit }: menos lares carregam mais do que o acaso explica. Quem poderia assumir alguma coisa?
score-few-hands = { $unit }: é como se menos de um em cada quatro lares tivesse dado algo.
score-words = O que querem dizer as palavras
score-words-given = Dado: no crédito mútuo, quem recebe o pagamento deu. Pagamentos dentro de um lar não contam, e o que vai para um fundo comum está na página das coisas partilhadas.
score-words-velocity = Rotação: o que se moveu, dividido por metade de todos os saldos sem o sinal.
score-words-uneven = Há um aviso onde o acaso sozinho seria tão desigual menos de uma vez em vinte. Por isso um em cada vinte avisos é falso.
score-words-needs = As necessidades que já acabaram são contadas por esta estação tal como as conheceu. Outra estação pode ter ouvido um pouco mais ou um pouco menos.
score-own = O que é só sobre si é dito só a si: as somas do seu lar, e um aviso quando o seu saldo está longe dos outros ou dá muito menos do que antes.
score-not-kept = Ainda não se regista: quantas vezes as tarefas mudam de mãos, os conflitos resolvidos entre vizinhos, e quantas semanas alguém tem um cargo.
