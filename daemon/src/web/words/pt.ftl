language-name = Português
language-direction = ltr
languages = Idioma

# The frame of every page
skip = Ir para o conteúdo
help = Ajuda
footer = Esta página vem da estação de { $gateway }, não da internet. Quem cuida dela pode ver e mudar o que aparece aqui.
captive-title = Melhor no seu navegador
captive-how = Esta janela pequena esquece tudo quando se fecha. Para voltar mais tarde, abra o seu navegador e escreva este endereço:
