package io.adapt4j.cli;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.speech.SpeechTranscriber;
import io.adapt4j.speech.transcript.Segment;
import io.adapt4j.speech.transcript.SpeechTask;
import io.adapt4j.speech.transcript.Transcript;
import io.adapt4j.speech.transcript.TranscriptFormat;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Transcribes a recording of speech. */
@Command(
    name = "transcribe",
    description = "Writes down what is said in a recording, with a Whisper model.",
    mixinStandardHelpOptions = true)
final class TranscribeCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  @Parameters(
      index = "1",
      paramLabel = "RECORDING",
      description = "A WAV file: PCM or floating-point numbers, any rate and number of channels.")
  private Path recording;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "An adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @Option(
      names = "--language",
      paramLabel = "CODE",
      description = "The language spoken, such as en; detected by default.")
  private @Nullable String language;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      defaultValue = "transcribe",
      description = "transcribe, or translate into English. Default ${DEFAULT-VALUE}.")
  private String task;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "A text before the recording's, for spelling and style, such as names.")
  private @Nullable String prompt;

  @Option(
      names = "--timestamps",
      description = "With text: a line for each segment, with its times.")
  private boolean timestamps;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text, json, or the subtitles srt or vtt. Default ${DEFAULT-VALUE}.")
  private String format;

  TranscribeCommand() {}

  @Override
  public Integer call() {
    TranscriptFormat form = form();
    TranscriptionOptions options = options(form);
    if (!Files.isRegularFile(recording)) {
      String wrong = Files.exists(recording) ? ", which is no file" : ", which is not there";
      throw new IllegalArgumentException(
          "RECORDING: expected a WAV file, found "
              + Destination.described(recording)
              + wrong
              + ". Correct the path.");
    }
    Path folder = model.folder();
    Adapter[] loaded =
        adapters.stream()
            .map(adapter -> Adapters.read(adapter, /* anyChatTemplate= */ false))
            .toArray(Adapter[]::new);
    CancellationToken stop = new CancellationToken();
    try (Interruption interruption = new Interruption(stop::cancel);
        SpeechTranscriber opened = SpeechTranscriber.load(ModelSource.path(folder), loaded)) {
      boolean shown = form == TranscriptFormat.TEXT;
      Transcript transcript =
          opened.transcribe(recording, options, shown ? this::show : segment -> {}, stop);
      PrintWriter out = output.out();
      if (!shown) {
        out.print(form.write(transcript));
      }
      if ((!timestamps && shown) || form == TranscriptFormat.VERBOSE_JSON) {
        out.println();
      }
      out.flush();
      return transcript.cancelled() ? ExitCode.INTERRUPTED : ExitCode.OK;
    }
  }

  /** Prints a segment as soon as it is known. */
  private void show(Segment segment) {
    PrintWriter out = output.out();
    if (timestamps) {
      out.printf(
          Locale.ROOT,
          "[%.2f - %.2f] %s%n",
          segment.start(),
          segment.end(),
          segment.text().strip());
    } else {
      out.print(segment.start() == 0 ? segment.text().stripLeading() : segment.text());
    }
    out.flush();
  }

  private TranscriptFormat form() {
    if (output.isJson()) {
      return TranscriptFormat.VERBOSE_JSON;
    }
    return switch (format) {
      case "text" -> TranscriptFormat.TEXT;
      case "json" -> TranscriptFormat.VERBOSE_JSON;
      case "srt" -> TranscriptFormat.SRT;
      case "vtt" -> TranscriptFormat.VTT;
      default -> throw wrong("--format", "text, json, srt or vtt", format);
    };
  }

  private TranscriptionOptions options(TranscriptFormat form) {
    TranscriptionOptions.Builder options =
        TranscriptionOptions.builder().timestamps(timestamps || form != TranscriptFormat.TEXT);
    options.task(
        switch (task) {
          case "transcribe" -> SpeechTask.TRANSCRIBE;
          case "translate" -> SpeechTask.TRANSLATE;
          default -> throw wrong("--task", "transcribe or translate", task);
        });
    set(language, options::language);
    set(prompt, options::prompt);
    return options.build();
  }

  private static void set(@Nullable String value, Consumer<String> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }

  private static IllegalArgumentException wrong(String option, String expected, String found) {
    return new IllegalArgumentException(
        option + ": expected " + expected + ", found " + found + ". Correct it.");
  }
}
