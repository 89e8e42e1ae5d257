package io.adapt4j.speech.transcript;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.Locale;

/** Form in which a transcript is written, as OpenAI's API names and defines them. */
public enum TranscriptFormat {
  /** The text alone. */
  TEXT("text"),
  /** A JSON object with the field {@code text}. */
  JSON("json"),
  /** A JSON object with text, language, duration, and segments with their times and tokens. */
  VERBOSE_JSON("verbose_json"),
  /** Subtitles of SubRip. */
  SRT("srt"),
  /** Subtitles of WebVTT. */
  VTT("vtt");

  private final String key;

  TranscriptFormat(String key) {
    this.key = key;
  }

  /** {@return the name, such as {@code verbose_json}} */
  public String key() {
    return key;
  }

  /**
   * Writes a transcript.
   *
   * @param transcript the transcript
   * @return the text in this form
   */
  public String write(Transcript transcript) {
    return switch (this) {
      case TEXT -> transcript.text() + "\n";
      case JSON -> Json.compact(object().put("text", transcript.text()));
      case VERBOSE_JSON -> Json.compact(verbose(transcript));
      case SRT -> subtitles(transcript, ",", true);
      case VTT -> "WEBVTT\n\n" + subtitles(transcript, ".", false);
    };
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ObjectNode verbose(Transcript transcript) {
    ObjectNode all = object().put("task", transcript.task().key());
    all.put("language", transcript.language().orElse(null));
    all.put("duration", rounded(transcript.duration())).put("text", transcript.text());
    ArrayNode segments = all.putArray("segments");
    for (Segment segment : transcript.segments()) {
      ObjectNode made = segments.addObject().put("id", segments.size() - 1);
      made.put("seek", Math.round(segment.start() * 100));
      made.put("start", rounded(segment.start())).put("end", rounded(segment.end()));
      made.put("text", segment.text());
      ArrayNode tokens = made.putArray("tokens");
      segment.tokens().forEach(tokens::add);
      Segment.Quality quality = segment.quality();
      made.put("temperature", quality.temperature());
      made.put("avg_logprob", quality.averageLogProbability());
      made.put("compression_ratio", quality.compressionRatio());
      made.put("no_speech_prob", quality.noSpeechProbability());
    }
    return all;
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }

  private static String subtitles(Transcript transcript, String point, boolean numbered) {
    StringBuilder text = new StringBuilder();
    int number = 1;
    for (Segment segment : transcript.segments()) {
      if (numbered) {
        text.append(number++).append('\n');
      }
      text.append(time(segment.start(), point)).append(" --> ").append(time(segment.end(), point));
      // An arrow in the text would look like a time, and an empty line like the end.
      String line = segment.text().strip().replace("-->", "->").replaceAll("\\R+", "\n");
      text.append('\n').append(line).append("\n\n");
    }
    return text.toString();
  }

  private static String time(double seconds, String point) {
    long all = Math.round(seconds * 1000);
    return String.format(
        Locale.ROOT,
        "%02d:%02d:%02d%s%03d",
        all / 3_600_000,
        all / 60_000 % 60,
        all / 1000 % 60,
        point,
        all % 1000);
  }
}
