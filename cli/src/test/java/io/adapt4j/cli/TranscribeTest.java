package io.adapt4j.cli;

import static io.adapt4j.cli.CommandsTest.execute;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TranscribeTest {

  private static final Path MODEL =
      Path.of("../speech/src/test/resources/io/adapt4j/speech/tiny").toAbsolutePath().normalize();
  private static final Path RECORDING = MODEL.resolve("hello_en.wav");

  @Test
  void everyFormatIsWritten() {
    CommandsTest.Result text = execute("transcribe", MODEL, RECORDING, "--language", "en");
    assertThat(text.err()).isEmpty();
    assertThat(text.code()).isZero();
    CommandsTest.Result json =
        execute("transcribe", MODEL, RECORDING, "--language", "en", "--format", "json");
    assertThat(json.json().path("language").asText()).isEqualTo("en");
    assertThat(json.json().path("segments").path(0).path("tokens").size()).isPositive();
    assertThat(execute("transcribe", MODEL, RECORDING, "--language", "en", "--json").out())
        .isEqualTo(json.out());
    assertThat(execute("transcribe", MODEL, RECORDING, "--format", "srt").out())
        .startsWith("1\n00:00:")
        .contains(" --> ");
    assertThat(execute("transcribe", MODEL, RECORDING, "--format", "vtt").out())
        .startsWith("WEBVTT\n\n");
    assertThat(execute("transcribe", MODEL, RECORDING, "--timestamps").out())
        .startsWith("[")
        .contains(" - ");
  }

  @Test
  void aWrongOptionIsNamed() {
    requireRefusal("--task: expected transcribe or translate, found sing", "--task", "sing");
    requireRefusal("--format: expected text, json, srt or vtt, found mp3", "--format", "mp3");
    requireRefusal("language: expected one of [de, en", "--language", "xx");
  }

  @Test
  void aTextModelIsRefused() {
    CommandsTest.Result found = execute("transcribe", CommandsTest.MODEL, RECORDING);
    assertThat(found.code()).isEqualTo(ExitCode.USAGE);
    assertThat(found.err()).contains("config.json", "model_type", "whisper");
    CommandsTest.Result other = execute("generate", MODEL, "--prompt", "a");
    assertThat(other.code()).isEqualTo(ExitCode.USAGE);
    assertThat(other.err()).contains("recordings");
  }

  private static void requireRefusal(String message, Object option, Object value) {
    CommandsTest.Result found = execute("transcribe", MODEL, RECORDING, option, value);
    assertThat(found.code()).isEqualTo(ExitCode.USAGE);
    assertThat(found.err()).contains(message);
  }
}
