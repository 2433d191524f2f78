language-name = Español
language-direction = ltr
languages = Idioma

# The frame of every page
skip = Ir al contenido
help = Ayuda
footer = Esta página viene de la pasarela de { $gateway }, no de internet. Quien la administra puede ver y cambiar lo que aquí se muestra.
captive-title = Mejor en su navegador
captive-how = Esta ventana pequeña lo olvida todo al cerrarse. Para volver más tarde, abra su navegador y escriba esta dirección:
