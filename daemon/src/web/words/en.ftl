language-name = English
language-direction = ltr
languages = Language

# The frame of every page
skip = Skip to the content
help = Help
footer = This page comes from { $gateway }'s gateway, not from the internet. Whoever runs it can see and change what is shown here.
captive-title = Better in your browser
captive-how = This small window forgets everything when it closes. To come back later, open your browser and type this address:
