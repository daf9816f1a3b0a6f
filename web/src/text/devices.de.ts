// The words of microphone, camera and speaker, and what stands in their way, in German.
import type { devicesEn } from "./devices.en";
import type { Catalogue } from "./translate";

export const devicesDe: Pick<Catalogue, keyof typeof devicesEn> = {
  "device.microphone": "Mikrofon",
  "device.camera": "Kamera",
  "device.speaker": "Lautsprecher",
  "device.microphone.nth": "Mikrofon {count}",
  "device.camera.nth": "Kamera {count}",
  "device.speaker.nth": "Lautsprecher {count}",
  "device.system": "Wie im System eingestellt",
  "device.noneMicrophone": "Kein Mikrofon gefunden",
  "device.noneCamera": "Keine Kamera gefunden",
  "device.level": "Pegel des Mikrofons",
  "device.flip": "Kamera wechseln",
  "device.quality": "Bild, das du sendest",
  "device.quality.high": "Am besten (720p)",
  "device.quality.medium": "Mittel (360p)",
  "device.quality.low": "Spart Daten (180p)",
  "device.microphoneOptions": "Mikrofon und Lautsprecher wählen",
  "device.cameraOptions": "Kamera wählen",
  "device.tryAgain": "Noch einmal versuchen",

  "problem.denied.title": "Kein Zugriff im Browser: {device}",
  "problem.denied.body": "Irgendwann war die Antwort „Blockieren“. Drei Schritte ändern das:",
  "problem.denied.step1": "Drücke auf das Zeichen links von der Adresse.",
  "problem.denied.step2": "Schalte ein: {device}.",
  "problem.denied.step3": "Komm hierher zurück und drücke auf „Noch einmal versuchen“.",
  "problem.denied_by_system.title": "Kein Zugriff im System: {device}",
  "problem.denied_by_system.body":
    "Öffne die Einstellungen deines Systems zum Datenschutz, erlaube deinem Browser den Zugriff ({device}) und drücke auf „Noch einmal versuchen“.",
  "problem.missing.title": "Nicht gefunden: {device}",
  "problem.missing.body":
    "Prüfe den Stecker und drücke auf „Noch einmal versuchen“. Du kannst schon teilnehmen und zuhören.",
  "problem.in_use.title": "Ein anderes Programm benutzt: {device}",
  "problem.in_use.body": "Schließe es dort und drücke auf „Noch einmal versuchen“.",
  "problem.unplugged.title": "Nicht mehr angeschlossen: {device}",
  "problem.unplugged.body": "Schließe das Gerät wieder an oder wähle ein anderes.",
  "problem.insecure.title": "Unter dieser Adresse nicht möglich: {device}",
  "problem.insecure.body":
    "Browser erlauben das nur mit https. Öffne die https-Adresse dieses Servers; du kannst schon teilnehmen und zuhören.",
  "problem.unsupported.title": "Mit diesem Browser nicht möglich: {device}",
  "problem.unsupported.body":
    "Nimm einen aktuellen Firefox, Chrome, Edge oder Safari. Du kannst schon teilnehmen und zuhören.",
  "problem.dismissed.title": "Dein Browser wartet noch auf eine Antwort",
  "problem.dismissed.body":
    "Die Frage wurde geschlossen. Drücke auf „Noch einmal versuchen“ und erlaube es dann.",
  "problem.unknown.title": "Startet nicht: {device}",
  "problem.unknown.body":
    "Drücke auf „Noch einmal versuchen“ oder wähle ein anderes Gerät. Du kannst schon teilnehmen und zuhören.",
  "problem.joinWithout": "Ohne teilnehmen",
  "problem.goOn": "Ohne weitermachen",
  "problem.device.microphone": "Mikrofon",
  "problem.device.camera": "Kamera",
  "problem.device.both": "Kamera und Mikrofon",
  "problem.device.either": "Kamera oder Mikrofon",
  "problem.device.screen": "Bildschirm",
};
