package io.adapt4j.verification.fuzz;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.speech.SpeechTranscriber;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Folders of models that see and hear, of which one small file is damaged: loaded and used. */
final class MediaTargets {

  static final Path VISION = Path.of("../vision/src/test/resources/models/idefics3");
  static final Path WHISPER = Path.of("../speech/src/test/resources/io/adapt4j/speech/tiny");

  private static final String WEIGHTS = "model.safetensors";
  private static final TranscriptionOptions SHORT =
      TranscriptionOptions.builder().language("en").maxNewTokens(2).temperatures(0.0).build();

  private MediaTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        FolderTarget.of(
            "vision-folder",
            folder -> copy(VISION, folder),
            folder -> {
              withWeights(VISION, folder);
              try (VisionLanguageModel model = VisionLanguageModel.load(ModelSource.path(folder))) {
                model.generate(
                    "<image>What?",
                    List.of(Picture.ofRgb(3, 2, new byte[18])),
                    GenerationOptions.builder().maxNewTokens(1).build());
              }
            }),
        FolderTarget.of(
            "speech-folder",
            folder -> copy(WHISPER, folder),
            folder -> {
              withWeights(WHISPER, folder);
              try (SpeechTranscriber model = SpeechTranscriber.load(ModelSource.path(folder))) {
                model.transcribe(new float[400], 16_000, SHORT);
              }
            }));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file :
          files.filter(each -> each.toString().matches(".*\\.(json|jinja)")).toList()) {
        if (!file.toString().matches(".*/(cases|conversations)\\.json")) {
          Files.copy(file, to.resolve(file.getFileName().toString()));
        }
      }
    }
  }

  private static void withWeights(Path from, Path folder) throws IOException {
    Files.createSymbolicLink(folder.resolve(WEIGHTS), from.resolve(WEIGHTS).toAbsolutePath());
  }
}
