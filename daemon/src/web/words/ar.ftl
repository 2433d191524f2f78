# العربية
language-name = العربية
language-direction = rtl
languages = اللغة
decimal-mark = ,
list-comma = ،

# The frame of every page
skip = انتقل إلى المحتوى
help = مساعدة
to-board = إلى اللوحة
footer = هذه الصفحة من بوابة { $gateway } وليست من الإنترنت. من يدير البوابة يستطيع أن يرى ما يظهر هنا وأن يغيّره.
captive-title = الأفضل في المتصفح
captive-how = هذه النافذة الصغيرة تنسى كل شيء عند إغلاقها. للعودة لاحقًا، افتح المتصفح واكتب هذا العنوان:

# The board
board-title = اللوحة
board-start = ماذا تريد أن تفعل؟
ask = اطلب المساعدة
offer = اعرض شيئًا
announce = أعلِن
have-code = لديّ كلمة سر
urgent = عاجل
show = عرض
kind-all = الكل
kind-need = الطلبات
kind-offer = العروض
kind-notice = الإعلانات
empty-need = لا أحد يطلب شيئًا الآن.
empty-offer = لا عروض الآن.
empty-notice = لا إعلانات الآن.
empty-filtered = لا شيء هنا يطابق ما تبحث عنه.
empty-after = كان هذا آخر ما هناك.
empty-urgent = العاجل فقط، في الأعلى.
older-need = طلبات أقدم
older-offer = عروض أقدم
older-notice = إعلانات أقدم
search-on = تابع البحث في الأقدم
search-open = بحث وتصفية
search-words = كلمات
search-words-hint = مثل «خبز» أو «شاحن»
search-zone = المكان
search-category = الموضوع
search-urgency = متى
any-category = كل شيء
any-urgency = أي وقت
search-send = ابحث
search-clear = اعرض الكل
board-renews = من دون سكربت تعيد هذه الصفحة تحميل نفسها كل دقيقة.
board-still = أوقف ذلك
board-is-still = تبقى هذه الصفحة كما هي حتى تحمّلها من جديد.
board-renew = حمّلها كل دقيقة
disk-low = قرص هذه البوابة يكاد يمتلئ. لا تُقبل الآن إلا المنشورات العاجلة.
disk-full = قرص هذه البوابة ممتلئ. يمكنك القراءة، لكن لا يمكن نشر شيء الآن.

# What a post is about, how soon, how it stands
category-food = طعام ووجبات
category-water = ماء
category-health = صحة
category-shelter = مكان للإقامة
category-power = كهرباء وشحن
category-heat = تدفئة وتبريد
category-transport = نقل وتوصيل
category-tools = أدوات وإصلاح
category-childcare = أطفال
category-care = رعاية
category-clothing = ملابس وبطانيات
category-hygiene = نظافة وغسيل
category-language = لغات وأوراق
category-animals = حيوانات
category-company = رفقة
category-other = شيء آخر
urgency-now = الآن: حياة أو سلامة
urgency-today = اليوم
urgency-week = هذا الأسبوع
urgency-whenever = متى تيسّر
status-open = ينتظر المساعدة
status-available = متاح
status-assigned = سيأتي أحدهم
status-promised = محجوز
status-underway = المساعدة في الطريق
status-done = تمّ ولم يُؤكَّد بعد
status-confirmed = تمّ
status-withdrawn = سُحب
status-referred = أُحيل إلى جهة أخرى
status-duplicate = يُتابَع في منشور آخر
status-active = سارٍ
status-unconfirmed = غير مؤكَّد: يقوله بيت واحد
status-cancelled = أُلغي
status-superseded = حلّ محله إعلان أحدث
status-of = { $status } ({ $filled } من { $slots })
exercise = تدريب وليس حقيقيًا
test = تجربة وليست حقيقية
severity-unknown = لم يُذكر
severity-minor = خطر ضئيل أو لا خطر
severity-moderate = خطر محتمل
severity-severe = خطر كبير
severity-extreme = خطر شديد جدًا
certainty-unknown = لم يُذكر
certainty-observed = شوهد بالعين
certainty-likely = مرجَّح
certainty-possible = ممكن
certainty-unlikely = مستبعد

# Times
time-now = الآن
ago-minutes = { $n ->
    [zero] الآن
    [one] منذ دقيقة واحدة
    [two] منذ دقيقتين
    [few] منذ { $n } دقائق
    [many] منذ { $n } دقيقة
   *[other] منذ { $n } دقيقة
}
ago-hours = { $n ->
    [zero] الآن
    [one] منذ ساعة واحدة
    [two] منذ ساعتين
    [few] منذ { $n } ساعات
    [many] منذ { $n } ساعة
   *[other] منذ { $n } ساعة
}
ago-days = { $n ->
    [zero] اليوم
    [one] منذ يوم واحد
    [two] منذ يومين
    [few] منذ { $n } أيام
    [many] منذ { $n } يومًا
   *[other] منذ { $n } يوم
}
span-minutes = { $n ->
    [zero] أقل من دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $n } دقائق
    [many] { $n } دقيقة
   *[other] { $n } دقيقة
}
span-hours = { $n ->
    [zero] أقل من ساعة
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $n } ساعات
    [many] { $n } ساعة
   *[other] { $n } ساعة
}
span-days = { $n ->
    [zero] أقل من يوم
    [one] يوم واحد
    [two] يومين
    [few] { $n } أيام
    [many] { $n } يومًا
   *[other] { $n } يوم
}

# The forms to ask, offer and announce
form-problem = لم يُرسل بعد
form-category = ما الموضوع؟
form-urgency = متى؟
form-zone = أين؟ (اسم المكان)
form-zone-hint = مثل «الدرج ب» أو «المدرسة». يمكن تركه فارغًا.
form-lines = كم؟ (يمكن تركه فارغًا)
form-item = الشيء
form-amount = الكمية
form-unit = الوحدة
form-contact = كيف يمكن الوصول إليك
form-contact-hint = لا يظهر إلا لمن سيأتي للمساعدة، ويبقى مقفلًا حتى ذلك الحين. يمكن تركه فارغًا.
form-severity = ما مدى الخطر؟
form-certainty = ما مدى تأكدك؟
form-exercise = هذا تدريب وليس حقيقيًا
form-standing = هذا لا ينفد
need-text = ماذا تحتاج؟
need-text-hint = يستطيع الجميع قراءة هذا. لا تكتب هنا عنوانك أو رقم هاتفك.
need-send = أرسل الطلب
offer-text = ماذا تستطيع أن تعطي أو تفعل؟
offer-send = ضعه على اللوحة
notice-text = ماذا يجب أن يعرف الجميع؟
notice-text-hint = يستطيع الجميع قراءة هذا.
notice-send = انشر الإعلان

# After a post
kept-need = لقد طلبت المساعدة
kept-offer = عرضك على اللوحة
kept-notice = نُشر الإعلان
kept-claim = شكرًا لك
kept-start = أنت في الطريق
kept-done = شكرًا لك، تمّ الأمر
kept-confirm = خبر سار
kept-withdraw = تمّ السحب
kept-reopen = فُتح من جديد
kept-other = تمّ الحفظ
kept-here = محفوظ في بوابة { $gateway }.
kept-reached = { $n ->
    [0] لا نعلم بعد ببوابة أخرى لديها نسخة منه.
    [zero] لا نعلم بعد ببوابة أخرى لديها نسخة منه.
    [one] وهو لدى بوابة أخرى واحدة.
    [two] وهو لدى بوابتين أخريين.
    [few] وهو لدى { $n } بوابات أخرى.
    [many] وهو لدى { $n } بوابة أخرى.
   *[other] وهو لدى { $n } بوابة أخرى.
}
kept-twice = كان هنا من قبل، فلن يظهر إلا مرة واحدة.
kept-claim-first = أنت الآن على اللوحة بصفتك من سيأتي.
kept-claim-standby = سبقك آخرون. أنت التالي إذا تعذّر على أحدهم المجيء.
kept-contact = كيف يمكن الوصول إليهم. أنت وحدك ترى هذا.
kept-code = كلمة السر الخاصة بك
kept-write = اكتبها عندك الآن.
kept-shown = لا تظهر إلا لمدة { $span }.
kept-code-asker = بها تستطيع أن تقول إن المساعدة وصلت، أو أن تسحب هذا.
kept-code-giver = بها تستطيع أن ترى كيف تصل إليهم، أو أن تقول إن الأمر تمّ، أو إنك لا تستطيع المجيء.
kept-next = وماذا الآن؟
kept-see = اعرضه
kept-over = لم يعد يظهر
kept-over-why = لا تظهر كلمة السر إلا لمدة { $span }. ما نشرته ما زال محفوظًا؛ انظر في اللوحة.

# One need, offer or notice
item-need = طلب
item-offer = عرض
item-notice = إعلان
item-lines = ماذا وكم
item-window = متى
item-window-span = من { $from } إلى { $until }
item-tags = من المفيد معرفته
item-people = الأشخاص
item-people-of = { $filled } من { $slots }
item-amount = الكمية
item-standing = لا ينفد
item-repeat = يتكرر
item-see = انظر
item-see-duplicate = المنشور الذي يُتابَع فيه
item-severity = مدى الخطر
item-certainty = مدى التأكد
item-voices = البيوت التي تقول ذلك
item-chooses = من يختار
item-chooses-requester = صاحب المنشور
item-chooses-steward = أحد المشرفين
item-contact = الاتصال
item-contact-sealed = لا يظهر إلا لمن سيأتي للمساعدة
item-stays = يبقى لمدة
item-zone = أين
item-kept = الحفظ
item-by = نشره
item-by-guest = ضيف، عند بوابة { $gateway }
item-by-member = عضو، عند بوابة { $gateway }
item-by-gateway = بوابة { $gateway } نفسها
item-answers = من استجاب
claim-assigned = شخص عند بوابة { $gateway } سيأتي
claim-underway = شخص عند بوابة { $gateway } في الطريق
claim-done = شخص عند بوابة { $gateway } أتمّ الأمر
claim-standby = شخص عند بوابة { $gateway } مستعد عند الحاجة
claim-no-show = شخص عند بوابة { $gateway } لم يأتِ
claim-withdrawn = شخص عند بوابة { $gateway } تعذّر عليه المجيء
claim-wordless = شخص لم يكتب شيئًا
answer-need = هل تستطيع المساعدة؟
answer-need-message = كلمة لصاحب الطلب (يمكن تركها فارغة)
answer-need-send = أنا سأحضره
answer-offer = هل تريده؟
answer-offer-message = كلمة لصاحب العرض (يمكن تركها فارغة)
answer-offer-send = أريده
answer-enough = استجاب عدد كافٍ من الناس. يمكنك أن تكون التالي إذا تعذّر على أحدهم المجيء.
mine = أنا نشرت هذا
mine-confirm = وصل، شكرًا
mine-withdraw = اسحبه
mine-reopen = افتحه من جديد
mine-whom = عمّن تتحدث؟
mine-nobody = لا أحد
mine-assign = ليأتِ هذا الشخص
mine-no-show = لم يأتِ هذا الشخص
helper = أنا استجبت لهذا
helper-start = أنا في الطريق: أرني كيف أصل إليهم
helper-done = أتممت الأمر
helper-withdraw = تعذّر عليّ المجيء
notice-seen = هل رأيت هذا أنت أيضًا؟
notice-cosign = نعم، بيتنا يقول ذلك أيضًا
notice-mine = أنا نشرت هذا الإعلان
notice-cancel = ألغِه

# Code words
code-title = كلمة السر
code-hint = ثلاث كلمات إنجليزية بسيطة، مثل «⁦lamp river seven⁩»
code-act = ماذا تريد أن تقول؟
code-confirm = وصلت المساعدة (أنا طلبتها)
code-withdraw = اسحبه
code-start = أنا في الطريق: أرني كيف أصل إليهم
code-done = أتممت الأمر (أنا ساعدت)
code-send = أرسل

# Why something was not taken
refusal-missing = يرجى ملء هذا الحقل.
refusal-choose = يرجى اختيار واحد.
refusal-too-long = هذا أطول من اللازم: لا يتسع المكان إلا لنحو { $percent } % منه. يرجى الاختصار.
refusal-amount = اكتب الكمية رقمًا، مثل 2 أو 1,5.
refusal-item = اكتب ما هو الشيء حيث كتبت كمية.
refusal-value = لا يمكن قبول هذا كما هو. يرجى تغييره.
refusal-sign = فيه رمز لا يمكن حفظه. يرجى كتابته من جديد.
refusal-code = ليست هذه كلمة السر الصحيحة. إنها ثلاث كلمات كما ظهرت لك.
refusal-guesses = محاولات خاطئة كثيرة. حاول مرة أخرى بعد { $span }.
refusal-posts = مرات كثيرة في وقت قصير. حاول مرة أخرى بعد { $span }.
refusal-elsewhere = نُشر هذا عند البوابة { $gateway }، وكلمة سره تعمل هناك.
refusal-gone = لم يعد هذا هنا. ربما انتهى.
refusal-state = لم يعد هذا ممكنًا. انظر من جديد إلى ما آل إليه.
refusal-open-now = لديك طلب مفتوح «الآن». أنهِه أولًا أو اختر وقتًا آخر.
refusal-open = بلغت منشوراتك المفتوحة { $n } وهو الحد الأقصى. أنهِ واحدًا أولًا.
refusal-full = لا مكان لمزيد من المنشورات في هذه البوابة. حاول لاحقًا.
refusal-disk = قرص البوابة يكاد يمتلئ. يمكنك القراءة، وستُقبل المنشورات حين يتوفر مكان.
refusal-busy = البوابة مشغولة. يرجى الإرسال من جديد.
refusal-other = لم تستطع البوابة قبول هذا. يرجى المحاولة من جديد.

# Pages that are not there
fault-title = لم ينجح ذلك
fault-title-gone = ليس هنا
fault-title-wait = لحظة من فضلك
fault-not-found = لا توجد هنا صفحة كهذه. ربما انتهت، أو في العنوان خطأ.
fault-away = البوابة تبدأ العمل أو تتوقف. حاول بعد لحظة.
fault-cross-site = جاء هذا النموذج من صفحة موقع آخر. افتح صفحة البوابة وحاول من جديد.
fault-too-slow = استغرق الوصول وقتًا طويلًا. يرجى المحاولة من جديد.
fault-too-large = هذا كثير دفعة واحدة. يرجى الاختصار.
fault-address = العنوان أطول من اللازم.
fault-broken = حدث خطأ هنا وسُجّل، وما حُفظ في أمان.
fault-other = لم تفهم البوابة هذا الطلب.

# Help
help-title = كيف يعمل هذا
help-post = اطلب، اعرض، أعلِن
help-post-text = اكتب ما تحتاجه أو ما تستطيع أن تعطيه. لا حساب ولا تطبيق ولا إنترنت. يستطيع كل من على هذه الشبكة قراءته.
help-code = كلمة السر الخاصة بك
help-code-text = بعد النشر تظهر لك ثلاث كلمات. اكتبها عندك. من يعرفها يستطيع أن يقول إن المساعدة وصلت، أو أن يسحب المنشور. وهي لا تعمل إلا عند بوابة { $gateway }.
help-answer = استجب لأحدهم
help-answer-text = افتح ما كتبه واضغط «أنا سأحضره». تحصل أنت أيضًا على كلمة سر: بها ترى كيف تصل إليهم، وتقول إنك في الطريق، وإن الأمر تمّ.
help-reach = كيف يمكن الوصول إليك
help-reach-text = ما تكتبه تحت «كيف يمكن الوصول إليك» يبقى مقفلًا ولا يظهر إلا لمن سيأتي للمساعدة. لا تكتب عنوانك أو رقم هاتفك في النص المفتوح.
help-kept = هل هو محفوظ؟
help-kept-text = حين ترى كلمة السر يكون منشورك على قرص هذه البوابة، ولا يضيع بانقطاع الكهرباء.
help-trust = بمن تثق هنا
help-trust-text = لا شيء هنا يمر عبر الإنترنت، ولا شيء مشفَّر في طريقه إلى هاتفك. من يدير هذه البوابة، أو يتظاهر بأنه هي، يستطيع أن يرى الصفحة ويغيّرها. اكتب هنا ما يمكنك تعليقه على باب.
help-paper = على الورق
help-poster = ملصق للباب
help-bulletin = اللوحة للطباعة
help-tinker = لهواة التقنية
help-tinker-text = اللوحة نفسها متاحة عبر MQTT ({ $mqtt }، أو WebSocket على { $socket }) و JSON ({ $json }).

# On paper
poster-title = هنا يساعد الجيران بعضهم بعضًا
poster-lead = بلا تطبيق. بلا حساب. بلا إنترنت.
poster-wifi = 1. اتصل بشبكة الواي فاي
poster-wifi-name = الاسم: { $name }
poster-wifi-password = كلمة المرور: { $password }
poster-wifi-open = بلا كلمة مرور
poster-page = 2. افتح الصفحة
poster-page-how = وجّه الكاميرا إلى المربع، أو اكتب هذا العنوان في المتصفح:
poster-wifi-code = رمز يصلك بشبكة { $name }
poster-page-code = رمز يفتح { $page }
poster-print = اطبع هذه الصفحة من قائمة المتصفح وعلّقها حيث يمر الناس.
bulletin-title = لوحة الحي
bulletin-as-of = كما كانت في { $time }
bulletin-how = للاستجابة افتح { $page } على هذه الشبكة، أو أخبر من يستطيع ذلك.
bulletin-more = المزيد على الصفحة.

# مفتاح الهاتف
help-key = مفتاح خاص بك
me = مفتاحي
me-what = مفتاح يعيش في متصفح هذا الهاتف ويوقّع ما تنشره. عندها لا تحتاج إلى كلمات سر، ولا يقرأ طريقة الوصول إليك إلا من سيأتي.
me-needs-script = يحتاج هذا إلى جافاسكريبت وإلى متصفح يحفظ ما يُعطى: افتح هذه الصفحة في متصفح هاتفك. كل ما عدا ذلك يعمل بلا مفتاح.
me-beware = من يدير هذه البوابة أو يقلّدها قد يغيّر هذه الصفحة ويسيء استعمال المفتاح. يمكنك أن تفعل كل شيء على اللوحة بدونه.
me-make = أنشئ مفتاحًا
me-have-one = لدي مفتاح مكتوب
me-all-groups = مجموعات الأرقام السبع عشرة كلها
me-digits-wrong = يوجد خطأ في هذه المجموعة:
me-bring-back = استعده
me-write-down = أولًا، اكتبه
me-write-down-why = تنسى بعض المتصفحات المفتاح بعد سبعة أيام بلا زيارة، وهذه الأرقام تعيده. صوّر الصورة أو اكتب الأرقام. من يملكها يملك مفتاحك.
me-type-group = للتأكد، اكتب المجموعة التي رقمها:
me-group-wrong = ليست هذه المجموعة. انظر إلى الرقم الذي أمامها.
me-written-down = كتبته عندي
me-drop = لا أريد مفتاحًا
me-name = يوقّع هذا الهاتف ما تنشره باسم
me-show = أظهر النسخة مرة أخرى
me-secret = من يملك هذه الأرقام يملك مفتاحك.
me-keeper = لمن يعتني بهذه البوابة
me-keeper-how = لفتح صفحة القائم على البوابة بهذا الهاتف، نفّذ هذا الأمر على البوابة نفسها:
me-forget = انسَ المفتاح على هذا الهاتف
me-forget-what = لا يعود دون الأرقام المكتوبة، ولا يمكن بعدها تغيير ما نشرته به.
me-forget-now = انسَه

# ما يقوله البرنامج. سطر لكل رسالة.
script-away = البوابة خارج المدى. ما تراه قديم، وما تكتبه ينتظر على هذا الهاتف.
script-new = جديد على اللوحة: { $n }
script-updated = تغيّرت اللوحة.
script-found = المعروض: { $n }
script-mine = من هذا الهاتف
script-noted = مدوّن على هذا الهاتف. يُرسل عندما تصبح البوابة في المدى.
script-kept = محفوظ هنا.
script-reached = محفوظ هنا. بوابات أخرى لديها نسخة: { $n }
script-refused = لم يُقبل: { $why }
script-code = كلمة السر: { $code }
script-remove = أزله من هذه القائمة
script-signs = موقّع بمفتاح هذا الهاتف { $name }.
script-contact = طريقة الوصول إليهم. لا يراها غيرك.
script-waiting = طريقة الوصول تأتي من هاتفهم نفسه، حالما يصبح في المدى.
script-no-key = تبقى طريقة الوصول إليك مقفلة: أحد القادمين لا مفتاح على هاتفه.
script-handed-on = طريقة الوصول إليك مقفلة لمن يأتي، ولا يفتحها غيره.

# The way out of the window that phones open by themselves
portal-open = افتح في متصفحي
portal-title = افتحها في متصفحك
portal-why = أنت الآن في النافذة الصغيرة التي يفتحها هاتفك تلقائيًا. كل شيء يعمل هنا، لكن هذه النافذة تنسى كل شيء وتُغلق عندما تنتقل إلى تطبيق آخر. أما متصفحك فيتذكّر.
portal-or-type = أو اكتب هذا العنوان في متصفحك:
portal-passed-title = افتح متصفحك الآن
portal-passed-how = أغلق هذه النافذة وافتح متصفحك واكتب هذا العنوان:
portal-passed-while = سيعتبر هاتفك هذه الشبكة صالحة لمدة { $minutes } دقيقة. وبعدها قد يعرض النافذة الصغيرة من جديد.
portal-wrong-host = هذه البوابة لا تُسمّى هكذا، فلم يُنفَّذ شيء. افتح { $address } وحاول مجددًا.

# The keeper's page
keeper-title = صفحة القائم على البوابة
keeper-no-password = لم تُحدَّد كلمة مرور بعد، فلا يمكن لأحد الدخول. نفّذ هذا الأمر على البوابة نفسها:
keeper-damaged = ملف كلمة المرور تالف، فلا يمكن لأحد الدخول. حدّدها من جديد على البوابة نفسها:
keeper-password = كلمة المرور
keeper-password-hint = لمن يعتني بهذه البوابة. كل ما عدا ذلك يعمل من دونها.
keeper-log-in = دخول
keeper-log-out = خروج
keeper-wrong = كلمة المرور غير صحيحة.
keeper-wait = محاولات كثيرة. انتظر { $seconds } ثانية ثم حاول مجددًا.
keeper-or-key = أو اسمح لهاتف بالدخول بمفتاحه: صفحته «مفتاحي» تعرض الأمر.
keeper-key-in = ادخل بمفتاح هذا الهاتف
keeper-key-unknown = هذا الهاتف غير مسموح له بالدخول. نفّذ هذا الأمر على البوابة نفسها، ثم حاول مجددًا:
keeper-key-wait = محاولات كثيرة. انتظر دقيقة ثم حاول مجددًا.
keeper-only-key = الهاتف المسموح له يفتح هذه الصفحة بمفتاحه، مع تشغيل السكربت.
keeper-set-password = لتحديد كلمة مرور أيضًا، نفّذ هذا الأمر على البوابة نفسها:
keeper-old-form = هذا النموذج من وقت أو مكان آخر. افتح الصفحة من جديد وحاول مرة أخرى.
keeper-not-done = لم يتم.
keeper-copied = جهاز آخر قريب يعلن عن نفسه بمفتاح هذه البوابة: لقد نُسخت بطاقتها. أطفئ أحدهما.
keeper-peers = البوابات الأخرى
keeper-peers-none = غير مقترنة بأي بوابة بعد.
keeper-linked = متصلة منذ { $span }.
keeper-heard = آخر إشارة قبل { $span }.
keeper-no-link = لا اتصال.
keeper-no-link-heard = لا اتصال. آخر إشارة قبل { $span }.
keeper-complete = كل ما لديها موجود هنا.
keeper-traffic = للإرسال { $out }، للوصول { $in } · استُلم { $got }، أُرسل { $sent }
keeper-remove = إزالة
keeper-removed = لم تعد مقترنة مع { $name }. ما وصل منها يبقى هنا.
keeper-near = قريبة وغير مقترنة
keeper-near-how = للاقتران: يُنشئ القائم عليها رمزًا هناك وتكتبه أنت هنا.
keeper-codes = رموز قيد المحاولة
keeper-code-tried = لم تلتقيا بعد؛ تتكرر المحاولة لمدة يوم.
keeper-code-given-up = هذا الرمز لا يعمل. على الأرجح استُخدم أو انتهت مدته: اطلب رمزًا جديدًا.
keeper-code-drop = التخلي
keeper-code-dropped = لن يُجرَّب هذا الرمز بعد الآن.
keeper-invite-how = للقائم على بوابة أخرى: رمز يقرن الاثنتين. يعمل مرة واحدة خلال يوم.
keeper-invite = إنشاء رمز
keeper-invited = الرمز للبوابة الأخرى:
keeper-invited-picture = الرمز كصورة للمسح
keeper-invited-where = وفيه أن هذه البوابة تُطلب على { $addresses }.
keeper-invited-nowhere = ليس لهذه البوابة عنوان يمكن طلبه؛ يجب سماعها على شبكة مشتركة.
keeper-code = رمز من بوابة أخرى
keeper-code-hint = لا فرق بين الأحرف الكبيرة والصغيرة والشرطات و O أو 0 و I أو 1.
keeper-add = اقتران
keeper-added = حُفظ. تقترنان فور التقائهما؛ انظر القائمة.
keeper-code-missing = اكتب الرمز هنا.
keeper-no-unknown-peer = لم تعد هذه البوابة في القائمة.
keeper-no-wrong-code = هذا ليس رمزًا، أو أن حرفًا فيه خطأ.
keeper-no-own-code = هذا الرمز أُنشئ هنا. اكتبه على البوابة الأخرى.
keeper-no-too-many = بلغ العدد حدّه. أزل واحدًا أولًا.
keeper-sure-peer = إزالة هذه البوابة؟
keeper-sure-code = التخلي عن هذا الرمز؟
keeper-sure-what = لن يُتبادل معها شيء بعد الآن. ما وصل منها يبقى هنا. وللاقتران من جديد يلزم رمز جديد.
keeper-sure-yes = نعم، نفّذ
keeper-sure-no = لا، رجوع
keeper-bundles = نقل المنشورات بالهاتف
keeper-bundles-why = حيث لا يوجد اتصال، يستطيع الهاتف حمل المنشورات: نزّل ملفًا هنا وارفعه في صفحة بوابة أخرى. لا يمكن تغيير شيء فيه على الطريق.
keeper-export = تنزيل ملف بكل المنشورات
keeper-import-file = ملف من بوابة أخرى
keeper-import-hint = ينتهي اسمه بـ ‎.cbundle. بحد أقصى { $bytes }.
keeper-import = رفع
keeper-file-missing = اختر ملفًا أولًا.
keeper-carrying = هناك ملف آخر قيد النقل الآن. حاول بعد دقيقة.
keeper-no-room = لا توجد مساحة كافية على قرص هذه البوابة.
keeper-storage = التخزين
keeper-entries = القيود المحفوظة
keeper-journal = السجل
keeper-free = المساحة الحرة
keeper-guard = المنشورات
keeper-guard-ok = تُقبل
keeper-guard-low = تُقبل العاجلة فقط: القرص يكاد يمتلئ
keeper-guard-full = لا تُقبل: القرص ممتلئ
keeper-damaged-pieces = أجزاء تالفة وُجدت عند البدء
keeper-posts = منذ البدء
keeper-posts-said = حُفظ { $kept }، ورُفض { $refused }
keeper-uptime = تعمل منذ
keeper-clock = الساعة
keeper-clock-best = أفضل تقدير
keeper-clock-from = ليس قبل
keeper-clock-until = ليس بعد
keeper-clock-open = لا أحد يعلم
keeper-clock-source = مصدرها
keeper-clock-synchronised = تضمنها خدمة توقيت أو وحدة ساعة
keeper-clock-estimated = ساعة هذا الجهاز؛ لا يضمنها أحد
keeper-clock-unknown = لم يضبطها أحد: صِلها مرة بالإنترنت أو نفّذ timedatectl set-time. لا يضيع شيء بسببها
keeper-covenant = ميثاق الجماعة
keeper-covenant-none = لم يُؤسَّس ميثاق بعد، فلا تُحسب ساعات هنا.
keeper-covenant-how = بعد أن يتفق المؤسسون عليه، يؤسسه هذا الأمر على البوابة نفسها:
keeper-covenant-limit = { $unit }: حتى { $limit } تحت الصفر
keeper-covenant-units = ما الذي يُحسب
keeper-covenant-roaming = منه بعيدًا عن البوابة الأصلية
keeper-covenant-quorum = عدد البيوت لاتخاذ قرار
keeper-covenant-recovery = انتظار المفتاح الجديد بدل المفقود
keeper-covenant-founders = المؤسسون
keeper-covenant-id = علامته
keeper-covenant-records = القيود في السجل
keeper-limits = الحدود السارية
keeper-limits-where = تُغيَّر في commonsd.toml.
keeper-limit-posts = منشورات المُرسِل في الدقيقة
keeper-limit-burst = منشورات دفعة واحدة
keeper-limit-open = طلبات مفتوحة للمُرسِل الواحد
keeper-limit-items = مجموع الطلبات القائمة
keeper-limit-journal = حجم السجل
keeper-limit-reserve = ما يبقى حرًا من القرص
keeper-limit-hops = وصلات إلى أبعد بوابة
keeper-limit-stewards = المشرفون
keeper-refusals = آخر حالات الرفض
keeper-refusals-what = منذ متى، وعند أي باب، ولماذا، وآخر عنوان الجهاز. وليس أبدًا ما كتبه أحد.
keeper-refusals-none = لا شيء منذ البدء.
keeper-decisions-how = يوافق الأعضاء على صفحاتهم، كلٌّ بمفتاحه أو رقمه السري. لا أحد يستطيع أن يوافق هنا عنهم.
keeper-refused-form = ما أُرسل ناقص أو طويل جدًا أو ليس بالصيغة الصحيحة.
keeper-refused-program = أرسل برنامج شيئًا لا تفهمه هذه البوابة.
keeper-refused-signature = توقيع أو مفتاح غير مطابق.
keeper-refused-code = كلمة سر خاطئة.
keeper-refused-pin = رقم سري خاطئ، أو بطاقة ليست من هنا.
keeper-refused-guesses = كلمات سر أو أرقام سرية أو كلمات مرور خاطئة كثيرة: عليه الانتظار.
keeper-refused-posts = نُشر الكثير في وقت قصير.
keeper-refused-connections = اتصالات كثيرة في آن واحد.
keeper-refused-elsewhere = لا تأخذه إلا بوابة أخرى.
keeper-refused-open = لدى أحدهم أكبر عدد مسموح من المنشورات المفتوحة.
keeper-refused-not-allowed = هذا غير مسموح عند هذا المدخل.
keeper-refused-host = طلبت صفحة هذه البوابة باسم ليس اسمها.
keeper-refused-keeper = كلمة مرور هذه الصفحة أو مفتاحها خطأ.
keeper-refused-limit = دفعة تتجاوز الحد.
keeper-refused-next = كان الحساب قد استمر في هذه الأثناء؛ لم يُقيَّد شيء.
keeper-refused-frozen = الحساب متوقف مؤقتًا.
keeper-refused-rules = قواعد الجماعة لا تسمح به.
keeper-door-page = الصفحات
keeper-door-keeper = هذه الصفحة
keeper-backup = نسخة احتياطية
keeper-backup-how = تحوي النسخة مفتاح البوابة، لذا تُصنع على البوابة نفسها وتُحفظ كمفتاح البيت:
keeper-ago = قبل { $span }
keeper-span-seconds = { $n } ث
keeper-span-minutes = { $n } د
keeper-span-hours = { $n } س
keeper-span-days = { $n } يوم
keeper-bundle-took = { $n ->
    [zero] لم تؤخذ أي رسالة جديدة.
    [one] أُخذت رسالة جديدة واحدة.
    [two] أُخذت رسالتان جديدتان.
    [few] أُخذت { $n } رسائل جديدة.
    [many] أُخذت { $n } رسالة جديدة.
   *[other] أُخذت { $n } رسالة جديدة.
}
keeper-bundle-known = { $n ->
    [zero] لم يكن شيء هنا من قبل.
    [one] كانت واحدة هنا من قبل.
    [two] كانت اثنتان هنا من قبل.
    [few] كانت { $n } هنا من قبل.
    [many] كانت { $n } هنا من قبل.
   *[other] كانت { $n } هنا من قبل.
}
keeper-bundle-left = { $n ->
    [zero] أُخذ كل شيء.
    [one] لم تؤخذ واحدة.
    [two] لم تؤخذ اثنتان.
    [few] لم تؤخذ { $n }.
    [many] لم تؤخذ { $n }.
   *[other] لم تؤخذ { $n }.
}
keeper-bundle-nothing = لا جديد: كل ما فيه موجود هنا.
keeper-bundle-own = كتبت هذه البوابة نفسها ذلك الملف؛ لا شيء يؤخذ منه.
keeper-bundle-by = { $n ->
    [zero] لا رسائل من { $name } ({ $id })
    [one] رسالة واحدة جاءت بها { $name } ({ $id })
    [two] رسالتان جاءت بهما { $name } ({ $id })
    [few] { $n } رسائل جاءت بها { $name } ({ $id })
    [many] { $n } رسالة جاءت بها { $name } ({ $id })
   *[other] { $n } رسالة جاءت بها { $name } ({ $id })
}
keeper-bundle-refused = رُفض { $file }.
keeper-why-file = تعذّرت قراءة ملف أو كتابته على هذه البوابة.
keeper-why-other = ليس ملفاً فيه رسائل من بوابة.
keeper-why-newer = صنعه إصدار أحدث. حدّث هذه البوابة.
keeper-why-cut = إنه ناقص. نزّله مرة أخرى من البوابة الأخرى.
keeper-why-damaged = إنه تالف. نزّله مرة أخرى من البوابة الأخرى.
keeper-why-changed = غُيّر بعد أن كتبته البوابة { $gateway }، أو كتبته بوابة أخرى.
keeper-why-network = هو من الشبكة { $network }، لا من هذه.
keeper-why-refused = فيه شيء لا يمكن أخذه هنا.
keeper-why-not-kept = لم يحفظ القرص ما كُتب.
keeper-why-gateway = لم تستطع البوابة فعل ذلك الآن. في سجلها المزيد.
keeper-link-version = تتكلم البوابتان إصدارين مختلفين. حدّث الأقدم منهما.
keeper-link-unexpected = أرسلت شيئاً لا معنى له.
keeper-link-network = هي من شبكة أخرى.
keeper-link-stranger = ليست البوابتان مقترنتين، أو الرمز خاطئ أو مستعمل أو قديم.
keeper-link-unproven = لم تستطع أن تثبت من هي.
keeper-link-altered = تغيّر شيء أو ضاع في الطريق.
keeper-link-busy = لديها الآن أكثر مما تستطيع.
keeper-link-not-me = تجيب بوابة أخرى على عنوانها.
keeper-link-crossed = كل منهما تتصل بالأخرى الآن.
keeper-link-silent = لم يُسمع منها شيء منذ وقت طويل.
keeper-link-ended = انتهى الاتصال.
keeper-link-slow = تقرأ ببطء شديد.
keeper-link-replaced = حلّت محلها وصلة أحدث.
keeper-link-closed = أُغلقت الوصلة.
keeper-link-unreachable = لا يمكن الوصول إليها على عنوانها.
keeper-link-ours = حدث خطأ في هذه البوابة؛ في سجلها المزيد.
keeper-alarm-forked = واصلت البوابة { $gateway } دفترها على وجهين: نُسخت بطاقتها، أو أُعيدت نسخة قديمة. يُحفظ ما يقوله كلاهما، ويتوقف دفترها هنا.
keeper-alarm-rolled-back = لدى الجيران من هذه البوابة أكثر مما لديها: أُعيدت نسخة قديمة من بياناتها. ما ينقص يعود منهم.
keeper-alarm-cloned = كُتب في دفتر هذه البوابة في مكان آخر: نُسخت بطاقتها، أو أُعيدت نسخة قديمة. لم يضع شيء.
keeper-alarm-full = استنفدت البوابة { $gateway } مكانها هنا. لا يؤخذ منها المزيد من هذا النوع حتى ينتهي أجل بعضه.
keeper-size-bytes = { $n ->
    [zero] { $n } بايت
    [one] بايت واحد
    [two] بايتان
    [few] { $n } بايتات
    [many] { $n } بايت
   *[other] { $n } بايت
}
keeper-size-kib = كيبيبايت
keeper-size-mib = ميبيبايت
keeper-size-gib = جيبيبايت
keeper-size-tib = تيبيبايت

board-more = المزيد عن هذا المكان

# Shared things
stock = أشياء مشتركة
stock-lead = ما دخل وما خرج ومن عدّه وما أُعير. يمكن لكل أهل الحي قراءته.
stock-empty = لم يُكتب شيء بعد.
stock-more = هناك المزيد: القائمة كاملة، للبرامج.
stock-write = اكتب ما حدث
stock-now = { $amount } هنا
stock-lent = { $amount } معار
stock-days = يوماً بيوم
stock-day = اليوم
stock-came = دخل
stock-went = خرج
stock-guest = ضيف عند { $gateway }
stock-counted = عُدّ يوم { $day }: { $amount } ({ $people })
stock-counted-one = عدّه شخص واحد يوم { $day }: { $amount } ({ $people }). يُعتمد عندما يعدّه شخص ثانٍ أيضاً.
stock-agree = عددتُه أنا أيضاً، والعدد صحيح
stock-loan = { $amount } عند { $person } منذ { $day } (كتبه { $by }).
stock-due = موعد الإعادة { $day }.
stock-overdue = كان موعد الإعادة { $day }.
stock-back-amount = كم أُعيد
stock-back = أُعيد
stock-act = ماذا حدث؟
stock-act-in = دخل
stock-act-out = خرج
stock-act-count = عددتُه
stock-act-loan = أُعير
stock-place = أين يُحفظ؟
stock-place-hint = باسم يعرفه أهل الحي: المخزن، غرفة العدّة
stock-who = ممّن، أو لمن
stock-who-hint = لازم عند الإعارة. يمكن للجميع قراءته.
stock-due-day = يُعاد في
stock-due-hint = عند الإعارة فقط. السنة والشهر واليوم: 2026-12-01
stock-send = اكتبه
pots = صناديق مشتركة
kept-stock = كُتب
kept-count = يُعتمد العدد عندما يعدّ شخص ثانٍ أيضاً ويؤكده في صفحة الأشياء المشتركة.
refusal-not-there = هذا أكثر من الموجود: { $amount }.
refusal-own-count = هذا العدد منك. يجب أن يؤكده شخص آخر.
refusal-day = اكتب اليوم هكذا: 2026-12-01.

# The scorecard
score = كيف نعطي ونأخذ
score-lead = يُعرض ولا يُفرض. يرى الجميع المجاميع فقط، وحيث تشارك خمسة بيوت على الأقل.
score-nobody = لم يؤسّس أحد جماعة هنا بعد. لذلك تُحسب الاحتياجات فقط.
score-households-of =
    { $n ->
        [zero] لا بيوت
        [one] بيت واحد
        [two] بيتان
        [few] { $n } بيوت
        [many] { $n } بيتاً
       *[other] { $n } بيت
    }
score-members-of =
    { $n ->
        [zero] لا أعضاء
        [one] عضو واحد
        [two] عضوان
        [few] { $n } أعضاء
        [many] { $n } عضواً
       *[other] { $n } عضو
    }
score-month = { $from } إلى { $until }
score-so-far = حتى الآن
score-quiet = لا شيء يمكن عرضه بعد.
score-needs = الاحتياجات التي نُشرت في هذه المدة
score-urgency = متى
score-asked = طُلب
score-helped = لُبّي
score-unmet = بلا مساعدة
score-open = مفتوح
score-percent = نسبة ما لُبّي
score-wait = نصفها وجد مساعدة خلال
score-few-people = ⁦< 5⁩: طلب أقل من خمسة أشخاص، لذلك لا يُعرض.
score-flows = ما أُعطي وما أُخذ
score-unit = الوحدة
score-circulation = تحرّك
score-velocity = الدوران
score-households = البيوت
score-given = أُعطي، المجموع
score-given-middle = أُعطي، البيت الأوسط
score-received-middle = أُخذ، البيت الأوسط
score-few = ⁦< 5⁩: تشارك أقل من خمسة بيوت، لذلك لا يُعرض.
score-reliance = { $percent } % من البيوت أعطت أو أخذت أو سوعدت.
score-uneven = { $unit }: بيوت قليلة تحمل أكثر مما تفسّره المصادفة. من يستطيع أن يتولى شيئاً؟
score-few-hands = { $unit }: كأن أقل من بيت واحد من كل أربعة أعطى شيئاً.
score-words = ماذا تعني الكلمات
score-words-given = أُعطي: في الائتمان المتبادل من يُدفع له هو الذي أعطى. لا تُحسب المدفوعات داخل البيت الواحد، وما يذهب إلى صندوق مشترك يظهر في صفحة الأشياء المشتركة.
score-words-velocity = الدوران: ما تحرّك مقسوماً على نصف كل الأرصدة دون إشاراتها.
score-words-uneven = يظهر تنبيه حيث تكون المصادفة وحدها بهذا التفاوت أقل من مرة في كل عشرين. لذلك تنبيه من كل عشرين كاذب.
score-words-needs = الاحتياجات المنتهية تعدّها هذه البوابة كما عرفتها. قد تكون بوابة أخرى سمعت أكثر قليلاً أو أقل.
score-own = ما يخصك وحدك يُقال لك وحدك: مجاميع بيتك، وكلمة إذا ابتعد رصيدك كثيراً عن الآخرين أو صرت تعطي أقل بكثير من قبل.
score-not-kept = لا يُسجَّل بعد: كم مرة تنتقل المهام بين الأيدي، والنزاعات التي حُلّت بين الجيران، وكم أسبوعاً يتولى أحد دوراً.

# [credit] الرصيد بين الجيران: الأعضاء والدفتر
unit-hour = ساعات
unit-credit = نقاط
unit-kg-rice = كغ من الأرز
unit-kwh = كيلوواط ساعة
credit = رصيد بين الجيران
credit-to = إلى حسابي
credit-more = المزيد
credit-what = في { $name } يحسب الجيران ما يقدّمه بعضهم لبعض. من يعطي أولًا يصير له رصيد، ومن يأخذ أولًا ينزل تحت الصفر حتى حدّ يعرفه الجميع. لا فوائد هنا ولا أحد يربح من ذلك.
credit-none = لم تُؤسَّس جماعة على هذه الشبكة بعد، فليس هناك ما يُحسب.
credit-none-how = يؤسّسها القائم على هذه البوابة مع أوائل البيوت:
credit-in = لديّ حساب
credit-in-send = افتح حسابي
credit-in-key = إن كان المفتاح على هذا الهاتف انفتح حسابك وحده؛ ويلزم لذلك متصفح حقيقي يعمل فيه السكربت.
credit-key-try = يُفتح حسابك بمفتاح هذا الهاتف…
credit-key-stranger = المفتاح على هذا الهاتف ليس لأحد هنا بعد. يمكنك الانضمام به.
credit-key-wrong = لم يُتعرَّف على مفتاح هذا الهاتف. افتح الصفحة من جديد وحاول مرة أخرى.
credit-who = الاسم أو الرقم القصير
credit-who-hint = الاسم الذي يُعرف به الشخص، أو الرموز الثمانية بجانب اسمه
credit-pin = الرقم السري
credit-pin-hint = توقّع البوابة عنك حين يكون صحيحًا.
credit-pin-in-hint = للحسابات التي تحفظها هذه البوابة وللبطاقات المطبوعة
credit-pin-new = رقم سري، إذا كانت البوابة تحفظ المفتاح
credit-pin-new-hint = ستة أرقام أو حروف على الأقل. اكتبه عندك: لا أحد يستطيع أن يسترجعه لك.
credit-pin-wrong = الاسم والرقم السري لا يتطابقان.
credit-pin-short = اختر ستة أرقام أو حروف على الأقل.
credit-accounts-full = تحفظ هذه البوابة كل ما تتسع له من الحسابات. استعمل بطاقة أو هاتفك.
credit-own-hint = مفتاح هذا الحساب على هاتف: افتح الصفحة هناك في متصفح يعمل فيه السكربت.
credit-needs-key = يلزم لهذا المفتاح الذي على هاتفك. افتح الصفحة في متصفح يعمل فيه السكربت على الهاتف الذي فيه المفتاح.
credit-asked = { $who } يطلب { $amount }.
credit-asked-elsewhere = إن كان حسابك عند بوابة أخرى فافتح صفحتها واختر «ادفع» واكتب هناك الرقم القصير والمقدار.
credit-short = الرقم القصير
credit-out = أغلق حسابي على هذا الهاتف
credit-outgoing = مدفوع ولم يُجَب عليه بعد: { $amount }
credit-incoming = ينتظر جوابك: { $amount }
credit-left = يمكنك بعدُ أن تدفع { $left }. حدّك { $limit }.
credit-left-here = يمكنك هنا أن تدفع { $left } إلى أن تعلم بوابتك بذلك. حدّك { $limit }.
credit-left-short = يمكنك بعدُ أن تدفع { $left }.
credit-pay = ادفع
credit-ask = اطلب مقدارًا
credit-history = كل الحركات
credit-history-none = لم يتحرك شيء بعد.
credit-me = عنّي
credit-people = الجيران
credit-nobody = لا يُعرف هنا أحد بهذا الاسم أو الرقم.
credit-which = أكثر من واحد بهذا الاسم. اختر أحدهم أو اكتب الرقم القصير.
credit-waits-you = بانتظارك
credit-waits-others = بانتظار غيرك
credit-open-more = غيرها في الانتظار: { $n }
credit-latest = مؤخرًا
credit-older = أظهر المزيد
credit-with-to = إلى { $name }
credit-with-from = من { $name }
credit-state-waits = بانتظار جواب { $name }
credit-state-yours = بانتظار جوابك
credit-state-settled = مُسوّى
credit-state-declined = لم يقبله { $name }؛ يمكنك استرجاعه
credit-state-you-declined = لم تقبله
credit-state-returned = استُرجع
credit-disputed = أحد الطرفين يقول إنه غير صحيح
credit-disputed-what = هذا وحده لا يحرّك شيئًا. تحدّثا فيه؛ ومن قبض يستطيع أن يعيده.
credit-light-noted = مدوَّن، ولم يصل أي بوابة بعد
credit-light-stamped = مختوم: هو عند بوابة
credit-light-confirmed = مؤكَّد عند بوابته
credit-light-payment = الدفعة:
credit-light-answer = الجواب:
credit-lights-what = مدوَّن: على هاتف فقط. مختوم: تحفظه بوابة ما. مؤكَّد: رأته بوابة من قاله.
credit-whom = لمن؟
credit-next = التالي
credit-scan = امسح رمزًا
credit-scan-how = أو وجّه كاميرا هاتفك إلى رمز من يطلب.
credit-amount = كم؟
credit-amount-hint = مثل 2 أو 1.5 أو للساعات 1:30
credit-amount-not = اكتب عددًا مثل 2 أو 1.5 أو 1:30.
credit-amount-zero = اكتب أكثر من الصفر.
credit-amount-fine = هذا أدقّ مما يُحسب هنا. لم يُقرَّب شيء.
credit-amount-large = هذا أكثر مما تتسع له دفعة واحدة.
credit-unit = من ماذا؟
credit-memo = مقابل ماذا؟
credit-memo-hint = كلمات قليلة يراها الطرفان وكل البوابات
credit-memo-long = اختصره إلى نحو 140 حرفًا.
credit-pay-send = ادفع الآن
credit-pay-how = يُحسب من حدّك فورًا، ويتحرك حين يقبله الآخر.
credit-to-left = هذا الجار قد خرج.
credit-ask-send = أظهر الرمز
credit-ask-show = ليوجّه الدافع كاميرته إلى هذا.
credit-ask-code = رمز يفتح الدفعة
credit-ask-link = الشيء نفسه رابطًا
credit-ask-type = بلا كاميرا: اختر «ادفع» واكتب { $short }
credit-payment = دفعة
credit-for-item = ما هي مقابله
credit-accept = اقبل
credit-decline = لا تقبله
credit-decline-open = هذا ليس لي
credit-decline-what = عندها لا يتحرك شيء، ويستطيع الدافع استرجاعه. لا رجوع في هذا.
credit-reclaim = استرجعه
credit-dispute = قل ذلك
credit-dispute-open = في هذا شيء غير صحيح
credit-dispute-what = يراه الطرف الآخر ومن يصلح بين الناس هنا. وهو وحده لا يحرّك شيئًا.
credit-dispute-text = ما الذي ليس صحيحًا؟
credit-dispute-hint = بكلماتك
credit-give-back = أعِده
credit-join = انضمّ
credit-join-what = يزكّيك جاران من بيتين آخرين في { $name }. وإلى ذلك الحين يمكنك أن تقبض وأن تدفع مما عندك.
credit-join-send = انضمّ
credit-pseudonym = بماذا نسمّيك؟
credit-pseudonym-hint = لا يلزم أن يكون اسمك الكامل. ستعرفه كل البوابات.
credit-household = البيت
credit-household-hint = كلمة قصيرة لبيتك، واحدة لكل من يسكنه
credit-name-long = اختصره.
credit-custody = من يحفظ المفتاح؟
credit-custody-own = هاتف صاحبه
credit-custody-hosted = هذه البوابة برقم سري؛ ونصف الحد
credit-custody-card = بطاقة مطبوعة برقم سري؛ ونصف الحد
credit-custody-pot = صندوق مشترك
credit-status = الحال
credit-status-newcomer = جديد لم يُزكَّ بعد
credit-status-member = من أهل الجماعة
credit-status-pot = صندوق مشترك
credit-status-left = خرج
credit-status-frozen = متوقف مؤقتًا
credit-home = بوابته
credit-member = جار
credit-you = هذا أنت.
credit-vouch = تزكية
credit-vouch-what = فقط لمن تعرفه ويسكن في ذلك البيت حقًا.
credit-vouch-send = أزكّي هذا الجار
credit-vouched = { $name } من { $household } يزكّيك.
credit-new = أنت جديد هنا
credit-new-what = أرِ هذا لجارين من بيتين آخرين ليزكّياك.
credit-new-code = رمز يفتح بطاقتك
credit-new-ready = زكّاك بيتان. لمسة أخرى ويصير لك حدّ.
credit-enter = ادخل
credit-frozen = حسابك متوقف مؤقتًا
credit-frozen-what = وُقّع بمفتاحك قيدان بالرقم نفسه. يحدث ذلك عند استعادة هاتف قديم أو حين يكون المفتاح على هاتفين. لا يخسر أحد بذلك شيئًا: ما دفعته يبقى مدفوعًا، ويمكنك أن تستمر في القبض.
credit-frozen-decided = قررت البيوت معًا أن يتوقف حسابك مؤقتًا. ما دفعته يبقى مدفوعًا، ويمكنك أن تستمر في القبض.
credit-frozen-join = يمكن وصل الخطين هنا من جديد إن بقيا معًا ضمن حدّك.
credit-frozen-mend = صِلهما
credit-frozen-ask = تحدّث إلى الجيران القائمين على هذه البوابة: تستطيع البيوت أن تقرر معًا كيف يستمر حسابك.
credit-away = أنت بعيد عن بوابتك { $home }. وإلى أن تعلم بالأمر لا يُدفع هنا إلا جزء من حدّك.
credit-recovery = يقول { $name } إن مفتاحًا آخر صار لك. إن لم تطلب ذلك فاعترض.
credit-veto = أعترض
credit-guard = بصفتك حافظًا
credit-guard-what = فقد { $name } مفتاحه ويطلب منك أن تشهد لمفتاح جديد. التقيا وجهًا لوجه وقارنا: يبدأ المفتاح الجديد بـ { $key }.
credit-guard-send = نعم، هذا هو المفتاح الجديد
credit-guardians = حافظون إن ضاع مفتاحك
credit-guardians-what = من ثلاثة إلى سبعة جيران تثق بهم. يستطيعون معًا أن يعطوا حسابك مفتاحًا جديدًا، ولا يستطيع ذلك أحدهم وحده.
credit-guardian = حافظ
credit-guardian-self = شخص غيرك.
credit-guardians-few = سمِّ ثلاثة على الأقل أو لا أحد.
credit-threshold = كم واحدًا منهم يلزم؟
credit-threshold-hint = أكثر من النصف
credit-threshold-wrong = أكثر من نصفهم ولا يزيد على كلهم؛ و0 بلا حافظين.
credit-me-send = احفظ
credit-leave = الخروج
credit-leave-what = يمكنك الخروج حين لا يكون شيء مما لك تحت الصفر. ما تحرّك يبقى في الدفتر.
credit-leave-send = أخرج نهائيًا
credit-card = بطاقة مطبوعة
credit-card-of = بطاقة حساب، لبوابة { $gateway }
credit-card-code = رمز يفتح هذا الحساب مع الرقم السري
credit-card-how = وجّه إليه كاميرا هاتف عند هذه البوابة واكتب الرقم السري.
credit-card-pin = لا تكتب الرقم السري على هذه البطاقة.
credit-card-print = اطبع هذه الصفحة الآن. بعد عشر دقائق تنسى البوابة ما فيها ولا يستطيع أحد طبعها ثانية.
credit-card-read = قُرئت البطاقة. اكتب رقمها السري.
credit-back = فقدت مفتاحي
credit-back-what = يستطيع حافظوك أن ينقلوا حسابك إلى مفتاح جديد. ويبقى ما لك وما عليك.
credit-back-key = أنشئ أولًا مفتاحًا جديدًا على هذا الهاتف:
credit-back-who = أي حساب هو حسابك؟
credit-back-none = هذا الحساب لم يسمِّ حافظين. تحدّث إلى الجيران القائمين على هذه البوابة.
credit-back-count = حافظون شهدوا لمفتاحك الجديد: { $found } من { $limit }
credit-back-code = رمز لحافظيك
credit-back-link = الشيء نفسه رابطًا
credit-back-show = أرِ هذا لحافظيك وجهًا لوجه. يبدأ مفتاحك الجديد بـ { $key }.
credit-back-send = استعد حسابي
credit-covenant = ما اتفقنا عليه
credit-covenant-what = وُقّعت هذه القواعد عند بدء الجماعة، وكل بوابة تُلزم بها الجميع.
credit-covenant-limit = حتى { $limit } تحت الصفر
credit-covenant-half-title = البطاقات والحسابات المحفوظة
credit-covenant-half = نصف الحد
credit-covenant-away-title = بعيدًا عن بوابته
credit-covenant-away = { $percent } ٪ من الحد، إلى أن تعلم بوابته
credit-covenant-quorum-title = القرارات
credit-covenant-quorum = { $n } بيوت معًا
credit-covenant-delay-title = انتظار المفتاح الجديد من الحافظين
credit-covenant-members = الأعضاء
credit-covenant-founders = من أسّسها
credit-covenant-id = سجل التأسيس
credit-no-limit = هذا أكثر مما يسمح به حدّك. يمكنك بعدُ أن تدفع { $left }.
credit-no-roaming = هذا أكثر مما يمكنك دفعه بعيدًا عن بوابتك. يمكنك هنا أن تدفع { $left } إلى أن تعلم بوابتك.
credit-no-early = ما زال للمفتاح القديم أن يعترض. حاول مجددًا بعد { $span }.
credit-no-few = وافق { $found } من أصل { $limit } المطلوبين.
credit-no-next = سُجّل شيء آخر في حسابك في هذه الأثناء. افتح الصفحة من جديد وانظر قبل أن تكمل؛ لم يُسجَّل الآن شيء.
credit-no-key = هذا ليس مفتاح هذا الحساب.
credit-no-twice = لهذا المفتاح حساب من قبل.
credit-no-entered = لا يفعل ذلك إلا من زُكّي.
credit-no-again = هذا الجار من أهل الجماعة بالفعل.
credit-no-household = يلزم جاران من بيتين آخرين.
credit-no-left = هذا الجار قد خرج.
credit-no-debt = شيء ما تحت الصفر. سوِّه أولًا.
credit-no-self = لا يمكنك أن تدفع لنفسك.
credit-no-home = لا تأخذ هذا إلا بوابتك. افعله هناك.
credit-no-yours = هذه الدفعة بين آخرين.
credit-no-answered = أُجيب على هذا من قبل.
credit-no-frozen = حسابك متوقف مؤقتًا: تقبض ولا تدفع. وصفحة حسابك تقول ما العمل.
credit-hours-pay = ادفع ساعاته
credit-hours-ask = أنا ساعدت: اطلب الساعات
credit-decisions = ما تقرره البيوت
credit-decisions-what = يمكن لعدد { $n } من البيوت معًا أن تقرر أن يتوقف حساب مؤقتًا، أو كيف يستمر، أو أن يتحمل صندوق مشترك دينًا. كل عضو يوافق باسم بيته.
credit-decisions-open = بانتظار البيوت
credit-decisions-none = لا شيء ينتظر.
credit-decisions-past = تقرر من قبل
credit-decisions-how = لاقتراح شيء بشأن حساب، افتح صفحة ذلك الجار.
credit-decision = قرار
credit-decision-freeze = ليتوقف مؤقتًا حساب { $name }: يمكنه أن يستلم لا أن يدفع.
credit-decision-unfreeze = ليستمر حساب { $name }، برصيد { $amounts }.
credit-decision-write-off = ليتحمل { $pot } مقدار { $amount } مما على { $name }.
credit-decision-open = وافقت حتى الآن { $found } من { $limit } بيوت لازمة.
credit-decision-ready = تقرر. والآن يتابع { $name } به.
credit-decision-decided = تقرر.
credit-decision-over = انتهى: استمر الحساب بطريقة أخرى.
credit-decision-agree = الموافقون:
credit-decision-not-counted = لا يُحتسب هنا
credit-decision-key = المفتاح الذي يستمر به يبدأ بـ { $key }.
credit-decision-text = لماذا؟
credit-decision-by = اقترحه { $name }
credit-decision-consent = بيتي يوافق
credit-decision-agreed = لقد وافقت.
credit-decision-own = الأمر يخص بيتك، لذلك لا يُحتسب رأيك هنا.
credit-decision-go-on = المتابعة به
credit-decide = اقتراح قرار
credit-decide-freeze = أن يتوقف الحساب مؤقتًا
credit-decide-freeze-what = عندها يستلم الحساب ولا يدفع شيئًا، حتى تقرر البيوت كيف يستمر. ما دُفع يبقى مدفوعًا.
credit-decide-unfreeze = كيف يستمر الحساب
credit-decide-unfreeze-what = يستمر من حيث هو الآن، برصيد { $amounts }.
credit-decide-write-off = أن يتحمل صندوق مشترك دينًا
credit-decide-write-off-what = يعطي الصندوق، فيقل دين الجار بمقدار ذلك.
credit-decide-no-pot = لا يوجد هنا صندوق مشترك بعد.
credit-decide-home = عند أي بوابة؟
credit-decide-text-hint = بكلماتك. يستطيع كل عضو قراءته.
credit-decide-send = اقترحه
credit-proof = وُقّع مرتين
credit-proof-what = وُقّع قيدان بالرقم نفسه، { $n }. ها هما معًا.
credit-proof-kindly = يحدث هذا عند استعادة هاتف قديم، أو حين يكون المفتاح على هاتفين. لا يخسر أحد شيئًا بذلك: من استلم يبقى له ما استلم.
credit-proof-code = رمز يحوي القيدين
credit-proof-letters = الأحرف
credit-proof-carry = لحمله إلى بوابة بلا اتصال: امسح الرمز، وضع الأحرف في صفحة «إحضار دليل» عند تلك البوابة.
credit-proof-take = إحضار دليل
credit-proof-take-what = قد يُوقَّع حساب مرتين بينما البوابات متباعدة. يستطيع جار أن يحمل الدليل: عندها يتوقف الحساب هنا أيضًا حتى يُصلَح.
credit-proof-hint = تبدأ بـ FORK:1:
credit-proof-send = أظهره هنا
credit-proof-not = ليست هذه أحرف دليل، أو ينقص بعضها.
credit-proof-nothing = هذا لا يثبت شيئًا: ليسا قيدين برقم واحد ومفتاح واحد.
credit-proof-unknown = لم تسمع هذه البوابة بذلك الحساب بعد.
credit-key = مفتاح آخر
credit-key-what = يمكن لحسابك أن يستمر بمفتاح هاتف آخر. يبقى ما لك وما عليك؛ وينتهي المفتاح الذي على هذا الهاتف.
credit-key-how = على الهاتف الآخر، افتح هذا:
credit-key-own = حفظ المفتاح على هاتفي
credit-key-own-what = اصنع مفتاحًا على هذا الهاتف واكتبه: لا أحد يستطيع أن يجده لك. عندها يستمر حسابك به. لا تحفظ البوابة ولا البطاقة شيئًا منه بعد ذلك، ويكون لك الحد كاملًا.
credit-key-begins = المفتاح الجديد يبدأ بـ { $key }.
credit-key-send = المتابعة بالمفتاح الجديد
credit-newkey = هذا هاتفي الجديد
credit-newkey-what = يستمر حسابك بمفتاح هذا الهاتف متى قال ذلك الهاتف الذي عليه الحساب.
credit-newkey-show = افتح هذا على الهاتف الذي عليه الحساب وقارن: مفتاح هذا الهاتف يبدأ بـ { $key }.
credit-newkey-code = رمز ينقل الحساب إلى هذا الهاتف
credit-newkey-send = إظهار مفتاح هذا الهاتف
credit-newpin = رقم سري آخر
credit-newpin-old-hint = الذي لديك الآن
credit-newpin-new = الرقم السري الجديد
credit-newpin-again = الرقم السري الجديد مرة أخرى
credit-newpin-send = تغييره
credit-newpin-differ = الرقمان الجديدان غير متطابقين.
credit-newpin-done = من الآن يسري الرقم السري الجديد.
credit-newpin-card = إن كان القائم على البوابة قد طبع بطاقة لهذا الحساب، فإنها تُفتح بعد ذلك بالرقم السري الجديد.
credit-signals = لا يرى هذا سواك
credit-signals-alone = هذا خبر لا حكم. ولا يُقال لأحد غيرك.
credit-signal-far = رصيدك، { $balance }، بعيد عن وسط الجميع، { $median }.
credit-signal-halved = أعطيت مؤخرًا نصف ما اعتدت أو أقل. بحساب: { $unit }
kept-pay = دُفع، وهو بانتظار الجواب
kept-accept = قُبل
kept-decline = لم يُقبل
kept-reclaim = استُرجع
kept-dispute = قيل، وسيراه الطرف الآخر
kept-join = أهلًا بك
kept-vouch = زكّيته
kept-decide = قُدّم الاقتراح
kept-consent = بيتك يوافق
kept-proof = أُخذ الدليل
kept-rekey = المفتاح الجديد ساري
script-gap = فقدت هذه البوابة قيودًا لك كانت عندها. لم يُوقَّع شيء كي لا ينقسم حسابك. انتظر حتى تعود إليها أو اسأل القائم عليها.
script-other = سُجّل في حسابك شيء من مكان آخر بينما تنتظر قيود على هذا الهاتف. لم يُوقَّع شيء. حاول من جديد بعد أن يُجاب عليها.
script-no-head = البوابة بعيدة عن المنال ولا يعرف هذا الهاتف أين وصل حسابك. لم يُوقَّع شيء؛ حاول حين تعود.
script-no-member = ليس لمفتاح هذا الهاتف حساب هنا. لم يُوقَّع شيء.
