language-name = العربية
language-direction = rtl
languages = اللغة

# The frame of every page
skip = انتقل إلى المحتوى
help = مساعدة
footer = هذه الصفحة من بوابة { $gateway } وليست من الإنترنت. من يدير البوابة يستطيع أن يرى ما يظهر هنا وأن يغيّره.
captive-title = الأفضل في المتصفح
captive-how = هذه النافذة الصغيرة تنسى كل شيء عند إغلاقها. للعودة لاحقًا، افتح المتصفح واكتب هذا العنوان:
