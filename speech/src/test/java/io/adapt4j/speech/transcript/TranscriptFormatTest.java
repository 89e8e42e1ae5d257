package io.adapt4j.speech.transcript;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TranscriptFormatTest {

  private static final Segment.Quality QUALITY = new Segment.Quality(0, -0.25, 1.5, 0.125);

  private static final Transcript TRANSCRIPT =
      new Transcript(
          "Hello. How --> are you?",
          Optional.of("en"),
          SpeechTask.TRANSCRIBE,
          3661.5,
          List.of(
              new Segment(0, 1.5, " Hello.", List.of(5, 6), QUALITY),
              new Segment(3600.0199999, 3661.5, " How --> are\n\nyou?", List.of(7), QUALITY)),
          false);

  @Test
  void subtitlesHaveTimes() {
    assertThat(TranscriptFormat.SRT.write(TRANSCRIPT))
        .isEqualTo(
            """
            1
            00:00:00,000 --> 00:00:01,500
            Hello.

            2
            01:00:00,020 --> 01:01:01,500
            How -> are
            you?

            """);
    assertThat(TranscriptFormat.VTT.write(TRANSCRIPT))
        .startsWith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello.\n\n01:00:00.020 --> ");
  }

  @Test
  void jsonHasTheFieldsOfOpenAi() {
    assertThat(TranscriptFormat.JSON.write(TRANSCRIPT))
        .isEqualTo("{\"text\":\"Hello. How --> are you?\"}");
    assertThat(TranscriptFormat.VERBOSE_JSON.write(TRANSCRIPT))
        .startsWith("{\"task\":\"transcribe\",\"language\":\"en\",\"duration\":3661.5,\"text\":")
        .contains(
            "{\"id\":0,\"seek\":0,\"start\":0.0,\"end\":1.5,\"text\":\" Hello.\",\"tokens\":[5,6],"
                + "\"temperature\":0.0,\"avg_logprob\":-0.25,\"compression_ratio\":1.5,"
                + "\"no_speech_prob\":0.125}");
    assertThat(TranscriptFormat.TEXT.write(TRANSCRIPT)).isEqualTo("Hello. How --> are you?\n");
  }
}
