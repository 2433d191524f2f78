# Français
language-name = Français
language-direction = ltr
languages = Langue
decimal-mark = ,

# The frame of every page
skip = Aller au contenu
help = Aide
to-board = Voir le tableau
footer = Cette page vient de la passerelle de { $gateway }, pas d’internet. La personne qui s’en occupe peut voir et changer ce qui s’affiche ici.
captive-title = Mieux dans votre navigateur
captive-how = Cette petite fenêtre oublie tout quand elle se ferme. Pour revenir plus tard, ouvrez votre navigateur et tapez cette adresse :

# The board
board-title = Tableau
board-start = Que voulez-vous faire ?
ask = Demander de l’aide
offer = Proposer
announce = Annoncer
have-code = J’ai mes trois mots
urgent = Urgent
show = Afficher
kind-all = Tout
kind-need = Besoins
kind-offer = Offres
kind-notice = Annonces
empty-need = Personne ne demande rien pour le moment.
empty-offer = Rien n’est proposé pour le moment.
empty-notice = Aucune annonce pour le moment.
empty-filtered = Rien ici ne correspond à votre recherche.
empty-after = C’était le dernier.
empty-urgent = Seulement ce qui est urgent, plus haut.
older-need = Besoins plus anciens
older-offer = Offres plus anciennes
older-notice = Annonces plus anciennes
search-on = Chercher aussi dans les plus anciens
search-open = Chercher et filtrer
search-words = Mots
search-words-hint = Par exemple « pain » ou « chargeur »
search-zone = Lieu
search-category = Sujet
search-urgency = Délai
any-category = Tout
any-urgency = N’importe quand
search-send = Chercher
search-clear = Tout afficher
board-renews = Sans script, cette page se recharge seule chaque minute.
board-still = Arrêter cela
board-is-still = Cette page reste telle quelle jusqu’à ce que vous la rechargiez.
board-renew = La recharger chaque minute
disk-low = Le disque de cette passerelle est presque plein. Pour l’instant, seuls les messages urgents sont acceptés.
disk-full = Le disque de cette passerelle est plein. Vous pouvez lire, mais rien ne peut être publié pour l’instant.

# What a post is about, how soon, how it stands
category-food = Nourriture, repas
category-water = Eau
category-health = Santé
category-shelter = Un endroit où loger
category-power = Électricité, recharge
category-heat = Chaleur, fraîcheur
category-transport = Trajets, livraisons
category-tools = Outils, réparations
category-childcare = Enfants
category-care = Soins, assistance
category-clothing = Vêtements, couvertures
category-hygiene = Hygiène, nettoyage
category-language = Langues, papiers
category-animals = Animaux
category-company = Compagnie
category-other = Autre chose
urgency-now = Maintenant : vie ou sécurité
urgency-today = Aujourd’hui
urgency-week = Cette semaine
urgency-whenever = Quand ce sera possible
status-open = attend de l’aide
status-available = disponible
status-assigned = quelqu’un viendra
status-promised = déjà réservé
status-underway = l’aide est en route
status-done = fait, pas encore confirmé
status-confirmed = fait
status-withdrawn = retiré
status-referred = adressé ailleurs
status-duplicate = continue dans un autre message
status-active = en vigueur
status-unconfirmed = non confirmé : un seul foyer le dit
status-cancelled = annulé
status-superseded = remplacé par un plus récent
status-of = { $status } ({ $filled } sur { $slots })
exercise = Exercice, pas réel
test = Essai, pas réel
severity-unknown = Non précisé
severity-minor = Peu ou pas de danger
severity-moderate = Danger possible
severity-severe = Danger grave
severity-extreme = Danger extrême
certainty-unknown = Non précisé
certainty-observed = Vu de ses propres yeux
certainty-likely = Probable
certainty-possible = Possible
certainty-unlikely = Peu probable

# Times
time-now = à l’instant
ago-minutes = { $n ->
    [one] il y a { $n } minute
   *[other] il y a { $n } minutes
}
ago-hours = { $n ->
    [one] il y a { $n } heure
   *[other] il y a { $n } heures
}
ago-days = { $n ->
    [one] il y a { $n } jour
   *[other] il y a { $n } jours
}
span-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
span-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
span-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}

# The forms to ask, offer and announce
form-problem = Pas encore envoyé
form-category = De quoi s’agit-il ?
form-urgency = Pour quand ?
form-zone = Où ? (un lieu par son nom)
form-zone-hint = Par exemple « escalier B » ou « l’école ». Peut rester vide.
form-lines = Combien ? (peut rester vide)
form-item = Quoi
form-amount = Quantité
form-unit = Unité
form-contact = Comment vous joindre
form-contact-hint = Montré seulement à la personne qui vient. Gardé sous clé jusque-là. Peut rester vide.
form-severity = Quel est le danger ?
form-certainty = En êtes-vous sûr ?
form-exercise = C’est un exercice, pas réel
form-standing = Cela ne s’épuise pas
need-text = De quoi avez-vous besoin ?
need-text-hint = Tout le monde peut le lire. N’écrivez ici ni adresse ni téléphone.
need-send = Demander
offer-text = Que pouvez-vous donner ou faire ?
offer-send = Mettre au tableau
notice-text = Que doit savoir tout le monde ?
notice-text-hint = Tout le monde peut le lire.
notice-send = Publier l’annonce

# After a post
kept-need = Vous avez demandé de l’aide
kept-offer = Votre offre est au tableau
kept-notice = C’est annoncé
kept-claim = Merci
kept-start = Vous êtes en route
kept-done = Merci, c’est fait
kept-confirm = Bonne nouvelle
kept-withdraw = C’est retiré
kept-reopen = C’est de nouveau ouvert
kept-other = C’est gardé
kept-here = Gardé sur la passerelle de { $gateway }.
kept-reached = { $n ->
    [0] À notre connaissance, aucune autre passerelle ne l’a encore.
    [one] { $n } autre passerelle l’a.
   *[other] { $n } autres passerelles l’ont.
}
kept-twice = C’était déjà ici, donc il n’y figure qu’une fois.
kept-claim-first = Vous êtes maintenant au tableau comme la personne qui vient.
kept-claim-standby = D’autres ont été plus rapides. Vous êtes la personne suivante si quelqu’un ne peut pas venir.
kept-contact = Comment joindre cette personne. Vous seul le voyez.
kept-code = Vos trois mots
kept-write = Notez-les maintenant.
kept-shown = Ils ne s’affichent que pendant { $span }.
kept-code-asker = Avec eux, vous pouvez dire que l’aide est arrivée, ou retirer ce message.
kept-code-giver = Avec eux, vous pouvez voir comment joindre la personne, dire que c’est fait, ou que vous ne pouvez pas venir.
kept-next = Et maintenant ?
kept-see = Le voir
kept-over = N’est plus affiché
kept-over-why = Les trois mots ne s’affichent que pendant { $span }. Ce que vous avez publié est toujours gardé ; regardez le tableau.

# One need, offer or notice
item-need = Besoin
item-offer = Offre
item-notice = Annonce
item-lines = Quoi et combien
item-window = Quand
item-window-span = de { $from } à { $until }
item-tags = Bon à savoir
item-people = Personnes
item-people-of = { $filled } sur { $slots }
item-amount = Quantité
item-standing = Ne s’épuise pas
item-repeat = Se répète
item-see = Voir
item-see-duplicate = le message dans lequel il continue
item-severity = Quel danger
item-certainty = Avec quelle certitude
item-voices = Foyers qui le disent
item-chooses = Qui choisit
item-chooses-requester = La personne qui a publié
item-chooses-steward = Une personne responsable
item-contact = Contact
item-contact-sealed = Montré seulement à la personne qui vient
item-stays = Reste pendant
item-zone = Où
item-kept = Gardé
item-by = Publié par
item-by-guest = une personne invitée, à la passerelle de { $gateway }
item-by-member = un membre, à la passerelle de { $gateway }
item-by-gateway = la passerelle de { $gateway } elle-même
item-answers = Qui a répondu
claim-assigned = Quelqu’un à la passerelle de { $gateway } viendra
claim-underway = Quelqu’un à la passerelle de { $gateway } est en route
claim-done = Quelqu’un à la passerelle de { $gateway } l’a fait
claim-standby = Quelqu’un à la passerelle de { $gateway } attend, au cas où
claim-no-show = Quelqu’un à la passerelle de { $gateway } n’est pas venu
claim-withdrawn = Quelqu’un à la passerelle de { $gateway } ne peut finalement pas venir
claim-wordless = Quelqu’un qui n’a rien écrit
answer-need = Pouvez-vous aider ?
answer-need-message = Un mot pour la personne qui demande (peut rester vide)
answer-need-send = Je l’apporte
answer-offer = Cela vous intéresse ?
answer-offer-message = Un mot pour la personne qui propose (peut rester vide)
answer-offer-send = Je le veux bien
answer-enough = Assez de personnes ont répondu. Vous pouvez quand même être la suivante, si quelqu’un ne peut pas venir.
mine = C’est moi qui ai publié ceci
mine-confirm = C’est arrivé, merci
mine-withdraw = Retirer
mine-reopen = Rouvrir
mine-whom = De qui s’agit-il ?
mine-nobody = Personne
mine-assign = Que cette personne vienne
mine-no-show = Cette personne n’est pas venue
helper = C’est moi qui ai répondu
helper-start = Je suis en route : montrer comment joindre la personne
helper-done = Je l’ai fait
helper-withdraw = Finalement, je ne peux pas venir
notice-seen = L’avez-vous vu aussi ?
notice-cosign = Oui, mon foyer le dit aussi
notice-mine = C’est moi qui ai fait cette annonce
notice-cancel = Annuler l’annonce

# Code words
code-title = Vos trois mots
code-hint = Trois mots anglais simples, comme « lamp river seven »
code-act = Que voulez-vous dire ?
code-confirm = L’aide est arrivée (j’avais demandé)
code-withdraw = Retirer
code-start = Je suis en route : montrer comment joindre la personne
code-done = Je l’ai fait (j’ai aidé)
code-send = Envoyer

# Why something was not taken
refusal-missing = Merci de remplir ce champ.
refusal-choose = Merci de choisir une réponse.
refusal-too-long = C’est trop long : seuls { $percent } % environ tiennent. Merci de raccourcir.
refusal-amount = Écrivez la quantité en chiffres, par exemple 2 ou 1,5.
refusal-item = Écrivez de quoi il s’agit là où une quantité est donnée.
refusal-value = Cela ne peut pas être accepté tel quel. Merci de le changer.
refusal-sign = Il y a là un signe qui ne peut pas être gardé. Merci de le retaper.
refusal-code = Ce ne sont pas les bons mots. Il y en a trois, comme on vous les a montrés.
refusal-guesses = Trop d’essais avec de mauvais mots. Réessayez dans { $span }.
refusal-posts = C’était trop souvent en peu de temps. Réessayez dans { $span }.
refusal-elsewhere = Ceci a été publié à la passerelle { $gateway }. Les trois mots fonctionnent là-bas.
refusal-gone = Ce n’est plus ici. C’est peut-être terminé.
refusal-state = Ce n’est plus possible. Regardez à nouveau où cela en est.
refusal-open-now = Vous avez déjà un besoin ouvert marqué « Maintenant ». Terminez-le d’abord, ou choisissez un autre moment.
refusal-open = Vous avez déjà { $n } messages ouverts, c’est le maximum. Terminez-en un d’abord.
refusal-full = Cette passerelle n’a plus de place. Réessayez plus tard.
refusal-disk = Le disque de la passerelle est presque plein. Vous pouvez lire ; elle acceptera de nouveau des messages quand il y aura de la place.
refusal-busy = La passerelle est occupée. Merci de renvoyer.
refusal-other = La passerelle n’a pas pu l’accepter. Merci de réessayer.

# Pages that are not there
fault-title = Cela n’a pas marché
fault-title-gone = Pas ici
fault-title-wait = Un instant
fault-not-found = Il n’y a pas de telle page ici. C’est peut-être terminé, ou l’adresse contient une faute.
fault-away = La passerelle démarre ou s’arrête. Réessayez dans un instant.
fault-cross-site = Ce formulaire venait de la page d’un autre site. Ouvrez la page de la passerelle et réessayez.
fault-too-slow = Cela a mis trop de temps à arriver. Merci de réessayer.
fault-too-large = C’est trop à la fois. Merci de raccourcir.
fault-address = L’adresse est trop longue.
fault-broken = Quelque chose a échoué ici. C’est noté, et ce qui était gardé est en sécurité.
fault-other = La passerelle n’a pas compris cette demande.

# Help
help-title = Comment ça marche
help-post = Demander, proposer, annoncer
help-post-text = Écrivez ce dont vous avez besoin ou ce que vous pouvez donner. Sans compte, sans application, sans internet. Tout le monde sur ce réseau peut le lire.
help-code = Vos trois mots
help-code-text = Après avoir publié, on vous montre trois mots. Notez-les. Qui les connaît peut dire que l’aide est arrivée, ou retirer le message. Ils ne fonctionnent qu’à la passerelle de { $gateway }.
help-answer = Répondre à quelqu’un
help-answer-text = Ouvrez son message et appuyez sur « Je l’apporte ». Vous recevez aussi trois mots : avec eux, vous pouvez voir comment joindre la personne, dire que vous êtes en route et dire que c’est fait.
help-reach = Comment vous joindre
help-reach-text = Ce que vous écrivez sous « Comment vous joindre » est gardé sous clé et montré seulement à la personne qui vient. N’écrivez ni adresse ni téléphone dans le texte ouvert.
help-kept = Est-ce gardé ?
help-kept-text = Quand vous voyez vos trois mots, votre message est sur le disque de cette passerelle et survit à une coupure de courant.
help-trust = À qui vous faites confiance ici
help-trust-text = Rien ici ne passe par internet, et rien n’est chiffré sur le chemin jusqu’à votre téléphone. La personne qui s’occupe de cette passerelle, ou qui se fait passer pour elle, peut voir et changer la page. Écrivez ici ce que vous afficheriez sur une porte.
help-paper = Sur papier
help-poster = Affiche pour la porte
help-bulletin = Le tableau à imprimer
help-tinker = Pour les bricoleurs
help-tinker-text = Le même tableau parle MQTT ({ $mqtt }, ou WebSocket à { $socket }) et JSON ({ $json }).

# On paper
poster-title = Ici, on s’aide entre voisins
poster-lead = Sans application. Sans compte. Sans internet.
poster-wifi = 1. Rejoignez le Wi-Fi
poster-wifi-name = Nom : { $name }
poster-wifi-password = Mot de passe : { $password }
poster-wifi-open = Sans mot de passe
poster-page = 2. Ouvrez la page
poster-page-how = Visez le carré avec l’appareil photo, ou tapez cette adresse dans votre navigateur :
poster-wifi-code = Code qui rejoint le Wi-Fi { $name }
poster-page-code = Code qui ouvre { $page }
poster-print = Imprimez cette page depuis le menu du navigateur et affichez-la là où les gens passent.
bulletin-title = Le tableau du quartier
bulletin-as-of = État au { $time }
bulletin-how = Pour répondre, ouvrez { $page } sur ce réseau, ou parlez-en à quelqu’un qui le peut.
bulletin-more = Il y en a d’autres sur la page.

# La clé du téléphone
help-key = Une clé à vous
me = Ma clé
me-what = Une clé vit dans le navigateur de ce téléphone et signe ce que vous publiez. Vous n'avez alors plus besoin de mots de passe, et seule la personne qui vient peut lire comment vous joindre.
me-needs-script = Il faut JavaScript, et un navigateur qui garde ce qu'on lui confie : ouvrez cette page dans le navigateur de votre téléphone. Tout le reste marche sans clé.
me-beware = Qui gère cette passerelle, ou l'imite, pourrait changer cette page et abuser d'une clé. Vous pouvez tout faire sur le tableau sans clé.
me-make = Créer une clé
me-have-one = J'en ai une par écrit
me-all-groups = Les dix-sept groupes de chiffres
me-digits-wrong = Il y a une erreur dans ce groupe :
me-bring-back = La retrouver
me-write-down = D'abord, notez-la
me-write-down-why = Certains navigateurs oublient une clé après sept jours sans visite ; ces chiffres la ramènent. Photographiez l'image, ou notez les chiffres. Qui les a possède votre clé.
me-type-group = Pour être sûr, tapez le groupe qui porte ce numéro :
me-group-wrong = Ce n'est pas ce groupe. Regardez le numéro devant lui.
me-written-down = Je l'ai notée
me-drop = Finalement, pas de clé
me-name = Ce téléphone signe ce que vous publiez comme
me-show = Montrer encore la copie
me-secret = Qui a ces chiffres possède votre clé.
me-keeper = Pour la personne qui veille sur cette passerelle
me-keeper-how = Pour ouvrir la page de la personne qui veille avec ce téléphone, lancez cette commande sur la passerelle même :
me-forget = Oublier la clé sur ce téléphone
me-forget-what = Sans les chiffres notés, elle ne peut pas revenir, et ce que vous avez publié avec elle ne pourra plus être changé.
me-forget-now = L'oublier

# Ce que dit le script. Une ligne chacun.
script-away = La passerelle est hors de portée. Ce que vous voyez date d'avant ; ce que vous écrivez attend sur ce téléphone.
script-new = Nouveau sur le tableau : { $n }
script-updated = Le tableau a changé.
script-found = Affichés : { $n }
script-mine = Depuis ce téléphone
script-noted = Noté sur ce téléphone. Cela part dès que la passerelle est à portée.
script-kept = Conservé ici.
script-reached = Conservé ici. Autres passerelles qui l'ont : { $n }
script-refused = Non accepté : { $why }
script-code = Mot de passe : { $code }
script-remove = Retirer de cette liste
script-signs = Signé avec la clé de ce téléphone { $name }.
script-contact = Comment joindre cette personne. Vous seul le voyez.
script-waiting = La façon de joindre cette personne viendra de son propre téléphone, dès qu'il sera à portée.
script-no-key = Votre contact reste fermé : quelqu'un qui vient n'a pas de clé sur son téléphone.
script-handed-on = Votre contact est fermé pour qui vient, et pour personne d'autre.

# The way out of the window that phones open by themselves
portal-open = Ouvrir dans mon navigateur
portal-title = Ouvrez-le dans votre navigateur
portal-why = Vous êtes dans la petite fenêtre que votre téléphone ouvre de lui-même. Elle fonctionne, mais elle oublie tout et se ferme quand vous changez d’application. Votre navigateur, lui, s’en souvient.
portal-or-type = Ou tapez cette adresse dans votre navigateur :
portal-passed-title = Ouvrez maintenant votre navigateur
portal-passed-how = Fermez cette fenêtre, ouvrez votre navigateur et tapez cette adresse :
portal-passed-while = Votre téléphone accepte ce Wi-Fi pendant { $minutes } minutes. Ensuite, il peut montrer de nouveau la petite fenêtre.
portal-wrong-host = Cette passerelle ne s’appelle pas ainsi, rien n’a donc été fait. Ouvrez { $address } et réessayez.

# The keeper's page
keeper-title = Page de la personne qui veille
keeper-no-password = Aucun mot de passe n’est encore choisi, personne ne peut donc entrer. Sur la passerelle même, lancez cette commande :
keeper-damaged = Le fichier du mot de passe est abîmé, personne ne peut donc entrer. Sur la passerelle même, choisissez-le à nouveau :
keeper-password = Mot de passe
keeper-password-hint = Pour la personne qui veille sur cette passerelle. Tout le reste fonctionne sans.
keeper-log-in = Entrer
keeper-log-out = Sortir
keeper-wrong = Ce n’est pas le mot de passe.
keeper-wait = Trop d’essais. Attendez { $seconds } secondes, puis réessayez.
keeper-or-key = Ou laissez entrer un téléphone par sa propre clé : sa page « Ma clé » montre la commande.
keeper-key-in = Entrer avec la clé de ce téléphone
keeper-key-unknown = Ce téléphone n’est pas autorisé ici. Sur la passerelle même, lancez cette commande, puis réessayez :
keeper-key-wait = Trop d’essais. Attendez une minute, puis réessayez.
keeper-only-key = Un téléphone autorisé ouvre cette page par sa propre clé, avec script.
keeper-set-password = Pour choisir aussi un mot de passe, lancez cette commande sur la passerelle même :
keeper-old-form = Ce formulaire est d’un autre moment ou d’un autre lieu. Rouvrez la page et réessayez.
keeper-not-done = Ce n’est pas fait.
keeper-copied = Une autre machine proche s’annonce avec la clé de cette passerelle : sa carte a été copiée. Éteignez l’une des deux.
keeper-peers = Autres passerelles
keeper-peers-none = Encore liée à aucune passerelle.
keeper-linked = Reliée depuis { $span }.
keeper-heard = Dernier signe il y a { $span }.
keeper-no-link = Pas de lien.
keeper-no-link-heard = Pas de lien. Dernier signe il y a { $span }.
keeper-complete = Tout ce qu’elle a est ici.
keeper-traffic = À envoyer { $out }, à venir { $in } · { $got } reçus, { $sent } envoyés
keeper-remove = Retirer
keeper-removed = N’est plus liée à { $name }. Ce qui en est venu reste ici.
keeper-near = Proches, pas encore liées
keeper-near-how = Pour la lier : la personne qui y veille fait un code là-bas, et vous le tapez ici.
keeper-codes = Codes en cours
keeper-code-tried = Pas encore rencontrée ; l’essai se répète pendant un jour.
keeper-code-given-up = Ce code ne marche pas. Il a sans doute servi ou est trop vieux : demandez-en un autre.
keeper-code-drop = Abandonner
keeper-code-dropped = Ce code n’est plus essayé.
keeper-invite-how = Pour la personne qui veille sur une autre passerelle : un code qui lie les deux. Il sert une fois, dans la journée.
keeper-invite = Faire un code
keeper-invited = Le code pour l’autre passerelle :
keeper-invited-picture = Le code en image à scanner
keeper-invited-where = Il dit que cette passerelle s’appelle à { $addresses }.
keeper-invited-nowhere = Cette passerelle n’a pas d’adresse où l’appeler ; il faut l’entendre sur un réseau commun.
keeper-code = Un code d’une autre passerelle
keeper-code-hint = Majuscules ou minuscules, tirets, O ou 0, I ou 1 : peu importe.
keeper-add = Lier
keeper-added = Gardé. Les deux sont liées dès qu’elles se rencontrent ; voir la liste.
keeper-code-missing = Tapez le code ici.
keeper-no-unknown-peer = Cette passerelle n’est plus dans la liste.
keeper-no-wrong-code = Ce n’est pas un code, ou une lettre est fausse.
keeper-no-own-code = Ce code a été fait ici. Tapez-le à l’autre passerelle.
keeper-no-too-many = Il y en a autant que possible. Retirez-en d’abord un.
keeper-sure-peer = Retirer cette passerelle ?
keeper-sure-code = Abandonner ce code ?
keeper-sure-what = Plus rien n’est échangé avec elle. Ce qui en est venu reste ici. Pour la lier de nouveau, il faut un nouveau code.
keeper-sure-yes = Oui, le faire
keeper-sure-no = Non, revenir
keeper-bundles = Porter les messages par téléphone
keeper-bundles-why = Là où il n’y a pas de lien, un téléphone peut porter les messages : téléchargez un fichier ici et déposez-le sur la page d’une autre passerelle. Rien n’y peut être changé en route.
keeper-export = Télécharger un fichier avec tout
keeper-import-file = Un fichier d’une autre passerelle
keeper-import-hint = Son nom finit par .cbundle. Au plus { $bytes }.
keeper-import = Le déposer
keeper-file-missing = Choisissez d’abord un fichier.
keeper-carrying = Un autre fichier est en route. Réessayez dans une minute.
keeper-no-room = Il n’y a pas assez de place sur le disque de cette passerelle.
keeper-storage = Stockage
keeper-entries = Entrées gardées
keeper-journal = Journal
keeper-free = Libre sur le disque
keeper-guard = Messages
keeper-guard-ok = sont acceptés
keeper-guard-low = seulement les urgents : le disque est presque plein
keeper-guard-full = aucun : le disque est plein
keeper-damaged-pieces = Morceaux abîmés trouvés au démarrage
keeper-posts = Depuis le démarrage
keeper-posts-said = { $kept } gardés, { $refused } refusés
keeper-uptime = En marche depuis
keeper-clock = Horloge
keeper-clock-best = Meilleure estimation
keeper-clock-from = Pas avant
keeper-clock-until = Pas après
keeper-clock-open = nul ne sait
keeper-clock-source = D’où elle vient
keeper-clock-synchronised = un service de temps ou un module d’horloge s’en porte garant
keeper-clock-estimated = l’horloge de cette machine ; nul ne s’en porte garant
keeper-clock-unknown = nul ne l’a réglée : connectez-la une fois à internet, ou lancez timedatectl set-time. Rien n’est perdu
keeper-covenant = L’accord de la communauté
keeper-covenant-none = Aucun n’est encore fondé ; ici on ne compte donc pas d’heures.
keeper-covenant-how = Quand les fondateurs se sont mis d’accord, cette commande le fonde, sur la passerelle même :
keeper-covenant-limit = { $unit } : jusqu’à { $limit } en dessous de zéro
keeper-covenant-units = Ce qu’on compte
keeper-covenant-roaming = Dont, loin de sa propre passerelle
keeper-covenant-quorum = Foyers pour une décision
keeper-covenant-recovery = Une nouvelle clé pour une clé perdue attend
keeper-covenant-founders = Fondateurs
keeper-covenant-id = Sa marque
keeper-covenant-records = Écritures du registre
keeper-limits = Limites en vigueur
keeper-limits-where = Elles se changent dans commonsd.toml.
keeper-limit-posts = Messages par minute d’un expéditeur
keeper-limit-burst = Messages d’un coup
keeper-limit-open = Sujets ouverts d’un expéditeur
keeper-limit-items = Sujets vivants en tout
keeper-limit-journal = Taille du journal
keeper-limit-reserve = Disque qui reste libre
keeper-limit-hops = Liens jusqu’à la passerelle la plus lointaine
keeper-limit-stewards = Responsables
keeper-refusals = Derniers refus
keeper-refusals-what = Depuis quand, à quelle porte, pourquoi, et la fin de l’adresse de l’appareil. Jamais ce que quelqu’un a écrit.
keeper-refusals-none = Aucun depuis le démarrage.
keeper-backup = Sauvegarde
keeper-backup-how = La copie contient la clé de la passerelle ; on la fait donc sur la passerelle même et on la garde comme la clé de la maison :
keeper-ago = il y a { $span }
keeper-span-seconds = { $n } s
keeper-span-minutes = { $n } min
keeper-span-hours = { $n } h
keeper-span-days = { $n } jours

board-more = Aussi ici

# Shared things
stock = Choses partagées
stock-lead = Ce qui est entré, ce qui est sorti, qui l’a compté et ce qui est prêté. Tout le quartier peut le lire.
stock-empty = Rien n’est encore noté.
stock-more = Il y en a plus : la liste entière, pour les programmes.
stock-write = Noter quelque chose
stock-now = { $amount } ici
stock-lent = { $amount } en prêt
stock-days = Jour par jour
stock-day = Jour
stock-came = Entré
stock-went = Sorti
stock-guest = quelqu’un de passage chez { $gateway }
stock-counted = Compté le { $day } : { $amount } ({ $people })
stock-counted-one = Compté le { $day } par une seule personne : { $amount } ({ $people }). Cela vaudra quand une autre personne aura compté aussi.
stock-agree = J’ai compté aussi, c’est juste
stock-loan = { $amount } chez { $person } depuis le { $day } (noté par { $by }).
stock-due = À rendre le { $day }.
stock-overdue = Devait être rendu le { $day }.
stock-back-amount = Quantité rendue
stock-back = C’est rendu
stock-act = Que s’est-il passé ?
stock-act-in = C’est entré
stock-act-out = C’est sorti
stock-act-count = Je l’ai compté
stock-act-loan = C’est prêté
stock-place = Où est-ce rangé ?
stock-place-hint = Un nom que le quartier connaît : réserve, atelier
stock-who = De qui, ou à qui
stock-who-hint = Nécessaire pour un prêt. Tout le monde peut le lire.
stock-due-day = À rendre le
stock-due-hint = Seulement pour un prêt. Année, mois, jour : 2026-12-01
stock-send = Noter
pots = Caisses communes
kept-stock = C’est noté
kept-count = Le comptage vaudra quand une autre personne aura compté aussi et le dira sur la page des choses partagées.
refusal-not-there = C’est plus qu’il n’y en a : { $amount }.
refusal-own-count = Ce comptage est de vous. Quelqu’un d’autre doit le confirmer.
refusal-day = Écrivez le jour ainsi : 2026-12-01.

# The scorecard
score = Comment nous donnons et recevons
score-lead = Montré, jamais imposé. Tout le monde ne voit que des sommes, et seulement là où au moins cinq foyers ont une part.
score-nobody = Personne n’a encore fondé de communauté ici. Seuls les besoins sont donc comptés.
score-households-of =
    { $n ->
        [one] { $n } foyer
       *[other] { $n } foyers
    }
score-members-of =
    { $n ->
        [one] { $n } membre
       *[other] { $n } membres
    }
score-month = { $from } au { $until }
score-so-far = jusqu’ici
score-quiet = Rien encore qui puisse être montré.
score-needs = Besoins publiés pendant ce temps
score-urgency = Quand
score-asked = Demandés
score-helped = Aidés
score-unmet = Sans aide
score-open = Ouverts
score-percent = Part aidée
score-wait = La moitié a eu de l’aide en
score-few-people = < 5 : moins de cinq personnes ont demandé, ce n’est donc pas montré.
score-flows = Donné et reçu
score-unit = En
score-circulation = Échangé
score-velocity = Rotation
score-households = Foyers
score-given = Donné, en tout
score-given-middle = Donné, foyer du milieu
score-received-middle = Reçu, foyer du milieu
score-few = < 5 : moins de cinq foyers ont une part, ce n’est donc pas montré.
score-reliance = { $percent } % des foyers ont donné, reçu ou été aidés.
score-uneven = { $unit } : moins de foyers portent plus que le hasard ne l’explique. Qui pourrait prendre un relais ?
score-few-hands = { $unit } : c’est comme si moins d’un foyer sur quatre avait donné quelque chose.
score-words = Ce que veulent dire les mots
score-words-given = Donné : dans le crédit mutuel, celui qui est payé a donné. Les paiements au sein d’un foyer ne comptent pas, et ce qui va à une caisse commune est montré sur la page des choses partagées.
score-words-velocity = Rotation : ce qui a été échangé, divisé par la moitié de tous les soldes sans leur signe.
score-words-uneven = Un avertissement paraît là où le hasard seul serait aussi inégal moins d’une fois sur vingt. Un avertissement sur vingt est donc une fausse alerte.
score-words-needs = Les besoins terminés sont comptés par cette passerelle comme elle les a connus. Une autre passerelle a pu en entendre un peu plus ou un peu moins.
score-own = Ce qui ne concerne que vous n’est dit qu’à vous : les sommes de votre foyer, et un mot si votre solde est loin de ceux des autres ou si vous donnez beaucoup moins qu’avant.
score-not-kept = Pas encore tenu : combien de fois les tâches changent de mains, les conflits réglés entre voisins, et combien de semaines quelqu’un tient un rôle.
