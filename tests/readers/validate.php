<?php
// Reads a JSON list of calendars on stdin; prints what sabre/vobject's validator has against each.
foreach (['/usr/share/php/Sabre/VObject/autoload.php', '/usr/share/php/Sabre/VObject/includes.php'] as $file) {
    if (file_exists($file)) { require_once $file; break; }
}
$answers = [];
foreach (json_decode(file_get_contents('php://stdin')) as $text) {
    $faults = [];
    foreach (Sabre\VObject\Reader::read($text)->validate() as $fault) $faults[] = $fault['message'];
    $answers[] = $faults;
}
echo json_encode($answers);
