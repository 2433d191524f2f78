# English. One file is one language: copy this one to <code>.ftl, and translate what stands after each "=".
# What stands in { } is filled in; what comes after $ keeps its name.

language-name = English
language-direction = ltr
languages = Language
decimal-mark = .

# The frame of every page
skip = Skip to the content
help = Help
to-board = To the board
footer = This page comes from { $gateway }'s gateway, not from the internet. Whoever runs it can see and change what is shown here.
captive-title = Better in your browser
captive-how = This small window forgets everything when it closes. To come back later, open your browser and type this address:

# The board
board-title = Board
board-start = What would you like to do?
ask = Ask for help
offer = Offer something
announce = Announce
have-code = I have a code word
urgent = Urgent
show = Show
kind-all = All
kind-need = Needs
kind-offer = Offers
kind-notice = Notices
empty-need = Nobody asks for anything right now.
empty-offer = Nothing is offered right now.
empty-notice = No notices right now.
empty-filtered = Nothing here matches what you look for.
empty-after = That was the last one.
empty-urgent = Only what is urgent, above.
older-need = Older needs
older-offer = Older offers
older-notice = Older notices
search-on = Search on among older ones
search-open = Search and filter
search-words = Words
search-words-hint = Like "bread" or "charger"
search-zone = Place
search-category = About
search-urgency = How soon
any-category = Everything
any-urgency = Any time
search-send = Search
search-clear = Show everything
board-renews = Without script, this page loads itself again every minute.
board-still = Stop that
board-is-still = This page stays as it is until you load it again.
board-renew = Load it every minute
disk-low = This gateway's disk is nearly full. Only urgent posts are taken for now.
disk-full = This gateway's disk is full. You can read, but nothing can be posted for now.

# What a post is about, how soon, how it stands
category-food = Food and meals
category-water = Water
category-health = Health
category-shelter = A place to stay
category-power = Power, charging
category-heat = Warmth, cooling
category-transport = Rides, deliveries
category-tools = Tools, repairs
category-childcare = Children
category-care = Care
category-clothing = Clothes, blankets
category-hygiene = Washing, cleaning
category-language = Language, papers
category-animals = Animals
category-company = Company
category-other = Something else
urgency-now = Now: life or safety
urgency-today = Today
urgency-week = This week
urgency-whenever = Whenever
status-open = waiting for help
status-available = available
status-assigned = somebody will come
status-promised = spoken for
status-underway = help is on the way
status-done = done, not confirmed yet
status-confirmed = done
status-withdrawn = taken back
status-referred = sent elsewhere
status-duplicate = goes on as another one
status-active = in force
status-unconfirmed = not confirmed: one household says so
status-cancelled = called off
status-superseded = replaced by a newer one
status-of = { $status } ({ $filled } of { $slots })
exercise = Exercise, not real
test = Test, not real
severity-unknown = Not said
severity-minor = Little or no danger
severity-moderate = Possible danger
severity-severe = Serious danger
severity-extreme = Extreme danger
certainty-unknown = Not said
certainty-observed = Seen with own eyes
certainty-likely = Likely
certainty-possible = Possible
certainty-unlikely = Unlikely

# Times. A span always follows a word such as "in" or "for".
time-now = just now
ago-minutes = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
ago-hours = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
ago-days = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
span-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
span-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
span-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}

# The forms to ask, offer and announce
form-problem = Not sent yet
form-category = What is it about?
form-urgency = How soon?
form-zone = Where? (a place by name)
form-zone-hint = Like "stairwell B" or "the school". May stay empty.
form-lines = How much? (may stay empty)
form-item = What
form-amount = Amount
form-unit = Unit
form-contact = How to reach you
form-contact-hint = Shown only to the one who comes. Locked away until then. May stay empty.
form-severity = How dangerous is it?
form-certainty = How sure are you?
form-exercise = This is an exercise, not real
form-standing = This does not run out
need-text = What do you need?
need-text-hint = Everybody can read this. No address or telephone number here.
need-send = Ask for it
offer-text = What can you give or do?
offer-send = Put it on the board
notice-text = What should everybody know?
notice-text-hint = Everybody can read this.
notice-send = Announce it

# After a post
kept-need = You asked for help
kept-offer = Your offer is on the board
kept-notice = It is announced
kept-claim = Thank you
kept-start = You are on your way
kept-done = Thank you, it is done
kept-confirm = Good to hear
kept-withdraw = It is taken back
kept-reopen = It is open again
kept-other = It is kept
kept-here = Kept on { $gateway }'s gateway.
kept-reached = { $n ->
    [0] No other gateway is known to have it yet.
    [one] { $n } other gateway has it.
   *[other] { $n } other gateways have it.
}
kept-twice = It was here already, so it is there once.
kept-claim-first = You are now on the board as the one who comes.
kept-claim-standby = Others were first. You are next in case somebody cannot come.
kept-contact = How to reach them. Only you see this.
kept-code = Your code word
kept-write = Write it down now.
kept-shown = It is shown for { $span } only.
kept-code-asker = With it you can say that help came, or take this back.
kept-code-giver = With it you can see how to reach them, say that it is done, or that you cannot come.
kept-next = What next?
kept-see = See it
kept-over = No longer shown
kept-over-why = A code word is shown for { $span } only. What you posted is still kept; look on the board.

# One need, offer or notice
item-need = Need
item-offer = Offer
item-notice = Notice
item-lines = What and how much
item-window = When
item-window-span = { $from } to { $until }
item-tags = Good to know
item-people = People
item-people-of = { $filled } of { $slots }
item-amount = Amount
item-standing = Does not run out
item-repeat = Repeats
item-see = See
item-see-duplicate = the one it goes on as
item-severity = How dangerous
item-certainty = How sure
item-voices = Households that say so
item-chooses = Who chooses
item-chooses-requester = The one who posted it
item-chooses-steward = A steward
item-contact = Contact
item-contact-sealed = Shown only to the one who comes
item-stays = Stays for
item-zone = Where
item-kept = Kept
item-by = Posted by
item-by-guest = a guest, at { $gateway }'s gateway
item-by-member = a member, at { $gateway }'s gateway
item-by-gateway = { $gateway }'s gateway itself
item-answers = Who answered
claim-assigned = Somebody at { $gateway }'s gateway will come
claim-underway = Somebody at { $gateway }'s gateway is on the way
claim-done = Somebody at { $gateway }'s gateway has done it
claim-standby = Somebody at { $gateway }'s gateway waits in case they are needed
claim-no-show = Somebody at { $gateway }'s gateway did not come
claim-withdrawn = Somebody at { $gateway }'s gateway cannot come after all
claim-wordless = Somebody who wrote nothing
answer-need = Can you help?
answer-need-message = A word to the one who asks (may stay empty)
answer-need-send = I'll bring it
answer-offer = Would you like it?
answer-offer-message = A word to the one who offers it (may stay empty)
answer-offer-send = I'd like it
answer-enough = Enough people have answered. You can still be next, in case somebody cannot come.
mine = I posted this
mine-confirm = It arrived, thank you
mine-withdraw = Take it back
mine-reopen = Open it again
mine-whom = About whom?
mine-nobody = Nobody
mine-assign = Let them come
mine-no-show = They did not come
helper = I answered this
helper-start = I am on my way: show how to reach them
helper-done = I have done it
helper-withdraw = I cannot come after all
notice-seen = Have you seen this too?
notice-cosign = Yes, my household says so too
notice-mine = I announced this
notice-cancel = Call it off

# Code words
code-title = Code word
code-hint = Three plain words, like "lamp river seven"
code-act = What would you like to say?
code-confirm = Help came (I asked)
code-withdraw = Take it back
code-start = I am on my way: show how to reach them
code-done = I have done it (I helped)
code-send = Send

# Why something was not taken
refusal-missing = Please fill this in.
refusal-choose = Please choose one.
refusal-too-long = This is too long: only about { $percent } % of it fits. Please shorten it.
refusal-amount = Please write the amount as a number, like 2 or 1.5.
refusal-item = Please write what it is, where an amount is given.
refusal-value = This cannot be taken as it is. Please change it.
refusal-sign = This holds a sign that cannot be kept. Please type it again.
refusal-code = That is not the right code word. It is three words, as you were shown.
refusal-guesses = Too many wrong code words. Please try again in { $span }.
refusal-posts = That was too often in a short time. Please try again in { $span }.
refusal-elsewhere = This was posted at gateway { $gateway }. Its code word works there.
refusal-gone = This is no longer here. It may be over.
refusal-state = This can no longer be done with it. Please look again how it stands.
refusal-open-now = You have an open need marked "Now" already. End that one first, or choose another time.
refusal-open = You have { $n } open posts already, which is the most. End one first.
refusal-full = This gateway has no room for more posts. Please try later.
refusal-disk = The gateway's disk is nearly full. You can read; posts will be taken again when there is room.
refusal-busy = The gateway is busy. Please send it again.
refusal-other = The gateway could not take this. Please try again.

# Pages that are not there
fault-title = That did not work
fault-title-gone = Not here
fault-title-wait = One moment
fault-not-found = There is no such page here. It may be over, or the address has a typing mistake.
fault-away = The gateway is starting or shutting down. Try again in a moment.
fault-cross-site = This form came from another site's page. Open the gateway's own page and try again.
fault-too-slow = That took too long to arrive. Please try again.
fault-too-large = That is too much at once. Please shorten it.
fault-address = The address is too long.
fault-broken = Something went wrong here. It was noted, and what was kept is safe.
fault-other = The gateway could not understand that request.

# Help
help-title = How this works
help-post = Ask, offer, announce
help-post-text = Write what you need or can give. No account, no app, no internet. Everybody on this network can read it.
help-code = Your code word
help-code-text = After you post, you are shown three words. Write them down. Whoever knows them can say that help arrived, or take the post back. They work only at { $gateway }'s gateway.
help-answer = Answer somebody
help-answer-text = Open what they wrote and press "I'll bring it". You get a code word too: with it you can see how to reach them, say that you are on the way, and say that it is done.
help-reach = How to be reached
help-reach-text = What you write under "How to reach you" is locked away and shown only to the one who comes. Do not write your address or telephone number in the open text.
help-kept = Is it kept?
help-kept-text = When you see your code word, your post is on this gateway's disk and survives a power cut.
help-trust = Whom you trust here
help-trust-text = Nothing here goes over the internet, and nothing is encrypted on its way to your phone. Whoever runs this gateway, or pretends to be it, can see and change the page. Write here what you would pin on a door.
help-paper = On paper
help-poster = Poster for the door
help-bulletin = The board to print
help-tinker = For tinkerers
help-tinker-text = The same board speaks MQTT ({ $mqtt }, or WebSocket at { $socket }) and JSON ({ $json }).

# On paper
poster-title = Neighbours help here
poster-lead = No app. No account. No internet.
poster-wifi = 1. Join the Wi-Fi
poster-wifi-name = Name: { $name }
poster-wifi-password = Password: { $password }
poster-wifi-open = No password
poster-page = 2. Open the page
poster-page-how = Point your camera at the square, or type this address into your browser:
poster-wifi-code = Square to scan that joins the Wi-Fi { $name }
poster-page-code = Square to scan that opens { $page }
poster-print = Print this page from the browser's menu and pin it where people pass by.
bulletin-title = The neighbourhood's board
bulletin-as-of = As it stood on { $time }
bulletin-how = To answer, open { $page } on this network, or tell somebody who can.
bulletin-more = More is on the page.

# The phone's own key
help-key = A key of your own
me = My key
me-what = A key lives in this phone's browser and signs what you post. You then need no code words, and only the one who comes can read how to reach you.
me-needs-script = This needs script, and a browser that keeps what it is given: open this page in your phone's own browser. Everything else works without a key.
me-beware = Whoever runs this gateway, or imitates it, could change this page and misuse a key. You can do everything on the board without one.
me-make = Make a key
me-have-one = I have one written down
me-all-groups = All seventeen groups of digits
me-digits-wrong = There is a mistake in this group:
me-bring-back = Bring it back
me-write-down = First, write it down
me-write-down-why = Some browsers forget a key after seven days without a visit; these digits bring it back. Photograph the picture, or write the digits down. Whoever has them has your key.
me-type-group = To be sure, type the group with this number:
me-group-wrong = That is not the group. Look at the number before it.
me-written-down = I have it written down
me-drop = No key after all
me-name = This phone signs what you post as
me-show = Show the backup again
me-secret = Whoever has these digits has your key.
me-keeper = For whoever keeps this gateway
me-keeper-how = To open the keeper's page with this phone, run this command on the gateway itself:
me-forget = Forget the key on this phone
me-forget-what = Without the digits you wrote down it cannot come back, and what you posted with it cannot be changed any more.
me-forget-now = Forget it

# What the script says. One line each.
script-away = Out of reach of the gateway. What you see is from before; what you write waits on this phone.
script-new = New on the board: { $n }
script-updated = The board has changed.
script-found = Shown: { $n }
script-mine = From this phone
script-noted = Noted on this phone. It goes out when the gateway is in reach.
script-kept = Kept here.
script-reached = Kept here. Other gateways that have it: { $n }
script-refused = Not taken: { $why }
script-code = Code word: { $code }
script-remove = Remove from this list
script-signs = Signed with this phone's key { $name }.
script-contact = How to reach them. Only you see this.
script-waiting = How to reach them comes from their own phone, as soon as it is in reach.
script-no-key = Your contact stays locked: somebody who comes has no key on their phone.
script-handed-on = Your contact is locked for whoever comes, and for nobody else.

# The way out of the window that phones open by themselves
portal-open = Open in my browser
portal-title = Open it in your browser
portal-why = You are in the small window that your phone opens by itself. It works here, but this window forgets everything and closes when you go to another app. Your browser keeps it.
portal-or-type = Or type this address into your browser:
portal-passed-title = Now open your browser
portal-passed-how = Close this window, open your browser and type this address:
portal-passed-while = Your phone calls this Wi-Fi good for { $minutes } minutes. After that it may show the small window again.
portal-wrong-host = This gateway is not called that, so nothing was done. Open { $address } and try again.

# The keeper's page
keeper-title = Keeper's page
keeper-no-password = No password is set yet, so nobody can come in here. On the gateway itself, run this command:
keeper-damaged = The file with the password is damaged, so nobody can come in here. On the gateway itself, set it again:
keeper-password = Password
keeper-password-hint = For whoever keeps this gateway. Everything else on this page works without it.
keeper-log-in = Come in
keeper-log-out = Log out
keeper-wrong = That is not the password.
keeper-wait = Too many tries. Wait { $seconds } seconds, then try again.
keeper-or-key = Or let a phone in by its own key: its page “My key” shows the command.
keeper-key-in = Come in with this phone's key
keeper-key-unknown = This phone is not let in here. On the gateway itself, run this command, then try again:
keeper-key-wait = Too many tries. Wait a minute, then try again.
keeper-only-key = A phone that was let in opens this page by its own key, with script.
keeper-set-password = To set a password too, run this command on the gateway itself:
keeper-old-form = This form is of another time or place. Open the page again and try once more.
keeper-not-done = Not done.
keeper-copied = Another machine nearby announces itself with this gateway's own key: its card was copied. Switch one of the two off.
keeper-peers = Other gateways
keeper-peers-none = Not paired with any gateway yet.
keeper-linked = Linked for { $span }.
keeper-heard = Last heard { $span } ago.
keeper-no-link = No link.
keeper-no-link-heard = No link. Last heard { $span } ago.
keeper-complete = Everything it has is here.
keeper-traffic = To send { $out }, to come { $in } · { $got } received, { $sent } sent
keeper-remove = Remove
keeper-removed = No longer paired with { $name }. What came from it stays here.
keeper-near = Near, and not paired
keeper-near-how = To pair with one: its keeper makes a code there, and you enter it here.
keeper-codes = Codes in progress
keeper-code-tried = Not met yet; it is tried again for a day.
keeper-code-given-up = This code does not work. Very likely it was used or is too old: ask for a new one.
keeper-code-drop = Give up
keeper-code-dropped = That code is no longer tried.
keeper-invite-how = For another gateway's keeper: a code that pairs the two. It works once, within a day.
keeper-invite = Make a code
keeper-invited = The code for the other gateway:
keeper-invited-picture = The code as a picture to scan
keeper-invited-where = It says that this gateway is called at { $addresses }.
keeper-invited-nowhere = This gateway has no address that others could call; they must hear it on a common network.
keeper-code = A code from another gateway
keeper-code-hint = Small or capital letters, dashes, O or 0, I or 1: all the same.
keeper-add = Pair
keeper-added = Kept. The two are paired as soon as they meet; see the list.
keeper-code-missing = Type the code here.
keeper-no-unknown-peer = There is no such gateway in the list any more.
keeper-no-wrong-code = This is not a code, or a letter of it is wrong.
keeper-no-own-code = This code was made here. Enter it at the other gateway.
keeper-no-too-many = There are as many as there may be. Remove one first.
keeper-sure-peer = Remove this gateway?
keeper-sure-code = Give up this code?
keeper-sure-what = Nothing more is exchanged with it. What came from it stays here. To pair again, a new code is needed.
keeper-sure-yes = Yes, do it
keeper-sure-no = No, back
keeper-bundles = Carry posts by phone
keeper-bundles-why = Where there is no link, a phone can carry what is posted: download a file here, and upload it at another gateway's page. Nothing in it can be changed on the way.
keeper-export = Download a file with all posts
keeper-import-file = A file from another gateway
keeper-import-hint = Its name ends in .cbundle. At most { $bytes }.
keeper-import = Upload it
keeper-file-missing = Choose a file first.
keeper-carrying = Another file is on its way right now. Try again in a minute.
keeper-no-room = There is not enough room on this gateway's disk.
keeper-storage = Storage
keeper-entries = Entries kept
keeper-journal = Journal
keeper-free = Free on the disk
keeper-guard = Posts
keeper-guard-ok = are taken
keeper-guard-low = only urgent ones are taken: the disk is nearly full
keeper-guard-full = none are taken: the disk is full
keeper-damaged-pieces = Damaged pieces found at the start
keeper-posts = Since the start
keeper-posts-said = { $kept } kept, { $refused } refused
keeper-uptime = Running for
keeper-clock = Clock
keeper-clock-best = Best guess
keeper-clock-from = Not before
keeper-clock-until = Not after
keeper-clock-open = nobody knows
keeper-clock-source = Where it comes from
keeper-clock-synchronised = a time service or a clock module vouches for it
keeper-clock-estimated = this machine's own clock; nobody vouches for it
keeper-clock-unknown = nobody has set it: connect once to the internet, or run timedatectl set-time. Nothing is lost by it
keeper-covenant = The community's covenant
keeper-covenant-none = None is founded yet, so no hours are counted here.
keeper-covenant-how = When the founders have agreed on it, this command founds it, on the gateway itself:
keeper-covenant-limit = { $unit }: down to { $limit } below zero
keeper-covenant-units = What is counted
keeper-covenant-roaming = Of it, away from one's own gateway
keeper-covenant-quorum = Households for a decision
keeper-covenant-recovery = A new key for a lost one waits
keeper-covenant-founders = Founders
keeper-covenant-id = Its mark
keeper-covenant-records = Records in the ledger
keeper-limits = Limits in force
keeper-limits-where = They are changed in commonsd.toml.
keeper-limit-posts = Posts a minute of one sender
keeper-limit-burst = Posts at once
keeper-limit-open = Open items of one sender
keeper-limit-items = Live items in all
keeper-limit-journal = Size of the journal
keeper-limit-reserve = Disk that stays free
keeper-limit-hops = Links to the furthest gateway
keeper-limit-stewards = Stewards
keeper-refusals = Last refusals
keeper-refusals-what = Since when, at which door, why, and the end of the device's address. Never what somebody wrote.
keeper-refusals-none = None since the start.
keeper-backup = Backup
keeper-backup-how = A copy holds the gateway's key, so it is made on the gateway itself and kept like the key of the house:
keeper-ago = { $span } ago
keeper-span-seconds = { $n } s
keeper-span-minutes = { $n } min
keeper-span-hours = { $n } h
keeper-span-days = { $n } days
keeper-bundle-took = { $n ->
    [one] { $n } new post was taken.
   *[other] { $n } new posts were taken.
}
keeper-bundle-known = { $n ->
    [one] { $n } was here already.
   *[other] { $n } were here already.
}
keeper-bundle-left = { $n ->
    [one] { $n } was not taken.
   *[other] { $n } were not taken.
}
keeper-bundle-nothing = Nothing new: everything in it is here already.
keeper-bundle-own = This gateway itself wrote that file; there is nothing to take.
keeper-bundle-by = { $n ->
    [one] { $n } post brought by { $name } ({ $id })
   *[other] { $n } posts brought by { $name } ({ $id })
}
keeper-bundle-refused = { $file } was refused.
keeper-why-file = A file could not be read or written on this gateway.
keeper-why-other = It is not a file with posts of a gateway.
keeper-why-newer = It was made by a newer version. Update this gateway.
keeper-why-cut = It is cut short. Download it again at the other gateway.
keeper-why-damaged = It is damaged. Download it again at the other gateway.
keeper-why-changed = It was changed after gateway { $gateway } wrote it, or another one wrote it.
keeper-why-network = It belongs to the network { $network }, not to this one.
keeper-why-refused = Something in it cannot be taken here.
keeper-why-not-kept = The disk did not keep what was written.
keeper-why-gateway = The gateway could not do it now. Its log says more.
keeper-link-version = The two speak different versions. Update the older one.
keeper-link-unexpected = It sent something that makes no sense.
keeper-link-network = It belongs to another network.
keeper-link-stranger = The two are not paired, or the code is wrong, used or too old.
keeper-link-unproven = It could not prove who it is.
keeper-link-altered = Something was changed or lost on the way.
keeper-link-busy = It has too much to do right now.
keeper-link-not-me = Another gateway answers at its address.
keeper-link-crossed = Both are calling each other right now.
keeper-link-silent = Nothing was heard of it for too long.
keeper-link-ended = The connection ended.
keeper-link-slow = It reads too slowly.
keeper-link-replaced = A newer link took its place.
keeper-link-closed = The link was closed.
keeper-link-unreachable = It cannot be reached at its address.
keeper-link-ours = Something went wrong on this gateway; its log says more.
keeper-alarm-forked = Gateway { $gateway } has written its log on in two ways: its card was copied, or an old copy was put back. What both say is kept; its log stands still here.
keeper-alarm-rolled-back = Neighbours have more of this gateway than it has itself: an old copy of its data was put back. What is missing comes back from them.
keeper-alarm-cloned = This gateway's log was written on elsewhere: its card was copied, or an old copy was put back. Nothing is lost.
keeper-alarm-full = Gateway { $gateway } has used up its space here. Nothing more of that kind is taken from it until some of it expires.
keeper-size-bytes = { $n ->
    [one] { $n } byte
   *[other] { $n } bytes
}
keeper-size-kib = KiB
keeper-size-mib = MiB
keeper-size-gib = GiB
keeper-size-tib = TiB

board-more = More of this place

# Shared things
stock = Shared things
stock-lead = What came in, what went out, who counted it and what is lent. Everybody on the block may read it.
stock-empty = Nothing has been written down yet.
stock-more = There is more: the whole list, for programs.
stock-write = Write something down
stock-now = { $amount } here
stock-lent = { $amount } lent
stock-days = Day by day
stock-day = Day
stock-came = Came in
stock-went = Went out
stock-guest = a guest of { $gateway }
stock-counted = Counted on { $day }: { $amount } ({ $people })
stock-counted-one = Counted on { $day } by one person: { $amount } ({ $people }). It takes effect when a second person has counted too.
stock-agree = I counted too, it is right
stock-loan = { $amount } with { $person } since { $day } (written down by { $by }).
stock-due = Due back { $day }.
stock-overdue = Was due back { $day }.
stock-back-amount = How much is back
stock-back = It is back
stock-act = What happened?
stock-act-in = It came in
stock-act-out = It went out
stock-act-count = I counted it
stock-act-loan = It is lent
stock-place = Where is it kept?
stock-place-hint = By a name the block knows: pantry, tool shed
stock-who = From whom, or to whom
stock-who-hint = Needed where something is lent. Everybody can read it.
stock-due-day = Due back on
stock-due-hint = Only where something is lent. Year, month, day: 2026-12-01
stock-send = Write it down
pots = Common pots
kept-stock = It is written down
kept-count = The count takes effect when a second person has counted too and says so on the page of shared things.
refusal-not-there = That is more than there is: { $amount }.
refusal-own-count = You made this count. Somebody else has to agree to it.
refusal-day = Please write the day like 2026-12-01.

# The scorecard
score = How we give and take
score-lead = Shown, never enforced. Everybody sees sums only, and only where at least five households have a part.
score-nobody = Nobody has founded a community here yet. So only needs are counted.
score-households-of =
    { $n ->
        [one] { $n } household
       *[other] { $n } households
    }
score-members-of =
    { $n ->
        [one] { $n } member
       *[other] { $n } members
    }
score-month = { $from } to { $until }
score-so-far = so far
score-quiet = Nothing yet that could be shown.
score-needs = Needs posted in this time
score-urgency = How soon
score-asked = Asked
score-helped = Helped
score-unmet = Not helped
score-open = Open
score-percent = Share helped
score-wait = Half had a helper within
score-few-people = < 5: fewer than five people asked, so it is not shown.
score-flows = Given and received
score-unit = In
score-circulation = Moved
score-velocity = Turned over
score-households = Households
score-given = Given, in all
score-given-middle = Given, middle household
score-received-middle = Received, middle household
score-few = < 5: fewer than five households have a part, so it is not shown.
score-reliance = { $percent } % of households gave, received or were helped.
score-uneven = { $unit }: fewer households carry more than chance explains. Who could take something over?
score-few-hands = { $unit }: it is as if fewer than one household in four gave anything.
score-words = What the words mean
score-words-given = Given: in mutual credit the one who is paid has given. Payments within a household do not count, and what goes to a common pot is told on the page of shared things.
score-words-velocity = Turned over: what moved, divided by half of all balances without their signs.
score-words-uneven = A warning stands here where chance alone would be as uneven less than one time in twenty. So one in twenty is a false alarm.
score-words-needs = Needs that are over are counted by this gateway as it knew them. Another gateway may have heard a little more or less.
score-own = What is about you alone is told to you alone: your household's sums, and a word when your balance lies far from the others' or you give much less than before.
score-not-kept = Not kept yet: how often tasks change hands, conflicts settled among neighbours, and how many weeks somebody holds a role.

# [credit] Credit between neighbours: members and the ledger
unit-hour = hours
unit-credit = credits
unit-kg-rice = kg of rice
unit-kwh = kWh
credit = Credit between neighbours
credit-to = To my account
credit-more = More
credit-what = In { $name }, neighbours keep count of what they do for each other. Whoever gives first is owed; whoever takes first goes below zero, down to a limit that everybody knows. There is no interest and nobody earns by it.
credit-none = No community has been founded on this network yet, so there is nothing to count.
credit-none-how = Whoever keeps this gateway founds one together with the first households:
credit-in = I have an account
credit-in-send = Open my account
credit-in-key = If the key is on this phone, your account opens by itself; this needs script in a real browser.
credit-key-try = Opening your account with this phone's key …
credit-key-stranger = The key on this phone belongs to nobody here yet. You can join with it.
credit-key-wrong = This phone's key was not recognised. Open the page again and try once more.
credit-who = Name or short number
credit-who-hint = What the person goes by, or the 8 characters beside the name
credit-pin = PIN
credit-pin-hint = The gateway signs for you once it is right.
credit-pin-in-hint = For accounts that this gateway keeps, and for printed cards
credit-pin-new = A PIN, if the gateway keeps the key
credit-pin-new-hint = At least 6 digits or letters. Write it down: nobody can look it up for you.
credit-pin-wrong = Name and PIN do not go together.
credit-pin-short = Choose at least 6 digits or letters.
credit-accounts-full = This gateway keeps as many accounts as it can. Use a card or your own phone.
credit-own-hint = This account's key is on a phone: open the page there, in a browser with script.
credit-needs-key = This needs the key on your phone. Open the page in a browser with script, on the phone that has the key.
credit-asked = { $who } asks for { $amount }.
credit-asked-elsewhere = If your account is at another gateway, open that gateway's page, choose "Pay", and type the short number and the amount there.
credit-short = Short number
credit-out = Close my account on this phone
credit-outgoing = Paid, not answered yet: { $amount }
credit-incoming = Waits for your answer: { $amount }
credit-left = You can still pay { $left }. Your limit is { $limit }.
credit-left-here = Here you can still pay { $left }, until your own gateway has heard of it. Your limit is { $limit }.
credit-left-short = You can still pay { $left }.
credit-pay = Pay
credit-ask = Ask for an amount
credit-history = All that moved
credit-history-none = Nothing has moved yet.
credit-me = About me
credit-people = Neighbours
credit-nobody = Nobody of that name or number is known here.
credit-which = Several are called so. Choose one, or type the short number.
credit-waits-you = Waits for you
credit-waits-others = Waits for others
credit-open-more = More that wait: { $n }
credit-latest = Lately
credit-older = Show more
credit-with-to = to { $name }
credit-with-from = from { $name }
credit-state-waits = waits for the answer of { $name }
credit-state-yours = waits for your answer
credit-state-settled = settled
credit-state-declined = { $name } did not take it; you can take it back
credit-state-you-declined = you did not take it
credit-state-returned = taken back
credit-disputed = Not right, says one side
credit-disputed-what = That moves nothing by itself. Talk about it; whoever was paid can give it back.
credit-light-noted = noted, not on any gateway yet
credit-light-stamped = stamped: a gateway has it
credit-light-confirmed = confirmed at home
credit-light-payment = The payment:
credit-light-answer = The answer:
credit-lights-what = Noted: on a phone only. Stamped: some gateway keeps it. Confirmed: the home gateway of the one who said it has seen it.
credit-whom = Whom?
credit-next = Next
credit-scan = Scan a code
credit-scan-how = Or point your phone's own camera at the code of whoever asks.
credit-amount = How much?
credit-amount-hint = Like 2, 1.5 or, for hours, 1:30
credit-amount-not = Type a number, like 2, 1.5 or 1:30.
credit-amount-zero = Type more than zero.
credit-amount-fine = That is finer than what is counted here. Nothing was rounded.
credit-amount-large = That is more than one payment can be.
credit-unit = Of what?
credit-memo = What for?
credit-memo-hint = A few words that both sides, and every gateway, will see
credit-memo-long = Shorten it, to about 140 letters.
credit-pay-send = Pay now
credit-pay-how = It counts against your limit at once. It moves when the other one accepts it.
credit-to-left = This neighbour has left.
credit-ask-send = Show the code
credit-ask-show = Let the one who pays point a camera at this.
credit-ask-code = Code that opens the payment
credit-ask-link = The same as a link
credit-ask-type = Without a camera: choose "Pay" and type { $short }
credit-payment = A payment
credit-for-item = What it is for
credit-accept = Accept
credit-decline = Do not take it
credit-decline-open = This is not for me
credit-decline-what = Then nothing moves, and the one who paid can take it back. This cannot be undone.
credit-reclaim = Take it back
credit-dispute = Say so
credit-dispute-open = Something about this is not right
credit-dispute-what = The other side, and whoever keeps the peace here, will see it. It moves nothing by itself.
credit-dispute-text = What is not right?
credit-dispute-hint = In your own words
credit-give-back = Give it back
credit-join = Join
credit-join-what = Two neighbours from two other households of { $name } vouch for you. Until then you can receive, and pay what you have.
credit-join-send = Join
credit-pseudonym = What shall we call you?
credit-pseudonym-hint = Need not be your full name. Every gateway will know it.
credit-household = Household
credit-household-hint = A short word for where you live, the same for all who live there
credit-name-long = Shorten it.
credit-custody = Who keeps the key?
credit-custody-own = own phone
credit-custody-hosted = this gateway, with a PIN; half the limit
credit-custody-card = a printed card, with a PIN; half the limit
credit-custody-pot = a common fund
credit-status = Standing
credit-status-newcomer = new, not vouched for yet
credit-status-member = belongs here
credit-status-pot = common fund
credit-status-left = has left
credit-status-frozen = rests for now
credit-home = Home gateway
credit-member = A neighbour
credit-you = This is you.
credit-vouch = Vouch
credit-vouch-what = Only for somebody you know, and who lives where that household lives.
credit-vouch-send = I vouch for this neighbour
credit-vouched = { $name } of { $household } vouches for you.
credit-new = You are new here
credit-new-what = Show this to two neighbours from two other households, so that they vouch for you.
credit-new-code = Code that opens your card
credit-new-ready = Two households vouch for you. One more tap, and you have a limit.
credit-enter = Come in
credit-frozen = Your account rests
credit-frozen-what = Two entries with the same number were signed with your key. That happens when an old phone is restored, or when a key is on two phones. Nobody loses anything by it: what you paid stays paid, and you can go on receiving.
credit-frozen-decided = Households decided together that your account rests for now. What you paid stays paid, and you can go on receiving.
credit-frozen-join = Both lines can be joined again here, if they stay within your limit together.
credit-frozen-mend = Join them
credit-frozen-ask = Talk to the neighbours who keep this gateway: households can decide together how your account goes on.
credit-away = You are away from home: your gateway is { $home }. Until it has heard of it, only a share of your limit can be paid here.
credit-recovery = { $name } says that another key is yours now. If you did not ask for that, object.
credit-veto = I object
credit-guard = As a guardian
credit-guard-what = { $name } has lost the key and asks you to vouch for a new one. Meet face to face and compare: the new key begins with { $key }.
credit-guard-send = Yes, this is the new key
credit-guardians = Guardians, if your key is lost
credit-guardians-what = Three to seven neighbours you trust. Together they can give your account a new key; none of them can alone.
credit-guardian = A guardian
credit-guardian-self = Somebody other than yourself.
credit-guardians-few = Name at least three, or none.
credit-threshold = How many of them does it take?
credit-threshold-hint = More than half
credit-threshold-wrong = More than half of them, and no more than all; 0 without guardians.
credit-me-send = Save
credit-leave = Leave
credit-leave-what = You can leave when nothing of yours is below zero. What moved stays in the book.
credit-leave-send = Leave for good
credit-card = A printed card
credit-card-of = Account card, for the gateway of { $gateway }
credit-card-code = Code that opens this account, with the PIN
credit-card-how = Point a phone's camera at it, at this gateway, and type the PIN.
credit-card-pin = Do not write the PIN on this card.
credit-card-print = Print this page now. In ten minutes the gateway has forgotten what is on it, and nobody can print it again.
credit-card-read = The card was read. Type its PIN.
credit-back = I lost my key
credit-back-what = Your guardians can give your account to a new key. What you have and what you owe stays.
credit-back-key = First make a new key on this phone:
credit-back-who = Which account is yours?
credit-back-none = This account names no guardians. Talk to the neighbours who keep this gateway.
credit-back-count = Guardians who have vouched for your new key: { $found } of { $limit }
credit-back-code = Code for your guardians
credit-back-link = The same as a link
credit-back-show = Show this to your guardians, face to face. Your new key begins with { $key }.
credit-back-send = Take my account back
credit-covenant = What we agreed on
credit-covenant-what = These rules were signed when the community began. Every gateway holds everybody to them.
credit-covenant-limit = down to { $limit } below zero
credit-covenant-half-title = Cards and kept accounts
credit-covenant-half = half the limit
credit-covenant-away-title = Away from home
credit-covenant-away = { $percent } % of the limit, until home has heard of it
credit-covenant-quorum-title = Decisions
credit-covenant-quorum = { $n } households together
credit-covenant-delay-title = A new key by guardians waits
credit-covenant-members = Members
credit-covenant-founders = Who founded it
credit-covenant-id = Founding record
credit-no-limit = That is more than your limit allows. You can still pay { $left }.
credit-no-roaming = That is more than you can pay away from home. Here you can still pay { $left }, until your own gateway has heard of it.
credit-no-early = The old key may still object. Try again in { $span }.
credit-no-few = { $found } of the { $limit } it takes agree.
credit-no-next = Something else was entered in your account meanwhile. Open the page again and look before you go on; nothing was entered now.
credit-no-key = That is not this account's key.
credit-no-twice = This key has an account already.
credit-no-entered = Only those who were vouched for can do that.
credit-no-again = This neighbour belongs here already.
credit-no-household = It takes two neighbours of two other households.
credit-no-left = This neighbour has left.
credit-no-debt = Something is below zero. Settle it first.
credit-no-self = You cannot pay yourself.
credit-no-home = Only your own gateway can take that. Do it there.
credit-no-yours = This payment is between others.
credit-no-answered = This was answered before.
credit-no-frozen = Your account rests: you can receive, not pay. Your account's page says what to do.
credit-hours-pay = Pay the hours for it
credit-hours-ask = I helped: ask for the hours
kept-pay = Paid. It waits for the answer
kept-accept = Accepted
kept-decline = Not taken
kept-reclaim = Taken back
kept-dispute = Said. The other side will see it
kept-join = Welcome
kept-vouch = You have vouched
script-gap = This gateway has lost entries that it had of you. Nothing was signed, so that your account does not split. Wait until it has them again, or ask the keeper.
script-other = Something was entered in your account from elsewhere, while entries wait on this phone. Nothing was signed. Try again once those have been answered.
script-no-head = The gateway is out of reach, and this phone does not know where your account stands. Nothing was signed; try again when it is back.
script-no-member = This phone's key has no account here. Nothing was signed.
