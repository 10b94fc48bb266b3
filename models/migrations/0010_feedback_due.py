from tortoise import migrations


class Migration(migrations.Migration):
    # Rows only: see `models/upgrades.py`.
    dependencies = [('models', '0009_calendars')]

    initial = False

    operations = []
