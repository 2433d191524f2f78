language-name = Français
language-direction = ltr
languages = Langue

# The frame of every page
skip = Aller au contenu
help = Aide
footer = Cette page vient de la passerelle de { $gateway }, pas d’internet. La personne qui s’en occupe peut voir et changer ce qui s’affiche ici.
captive-title = Mieux dans votre navigateur
captive-how = Cette petite fenêtre oublie tout quand elle se ferme. Pour revenir plus tard, ouvrez votre navigateur et tapez cette adresse :
