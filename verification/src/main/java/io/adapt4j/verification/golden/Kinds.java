package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.verification.golden.speech.SpeechCheck;
import io.adapt4j.verification.golden.speech.SpeechLoraCheck;
import io.adapt4j.verification.golden.vision.ConversationCheck;
import io.adapt4j.verification.golden.vision.ImageOpsCheck;
import io.adapt4j.verification.golden.vision.PictureLoraCheck;
import io.adapt4j.verification.golden.vision.PictureModelCheck;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import java.util.List;
import java.util.Optional;

/** Registry of the kinds of golden folders and files; the first match counts. */
final class Kinds {

  private static final List<Kind> ALL =
      List.of(
          PickledCheck.KIND,
          ChatCheck.KIND,
          ChatCheck.FEATURES,
          MetricsCheck.TRANSLATION,
          MetricsCheck.SUMMARIES,
          MetricsCheck.ANSWERS,
          MetricsCheck.CLASSES,
          FourBitTensorCheck.KIND,
          DpoRunCheck.KIND,
          SpeechLoraCheck.KIND,
          PictureLoraCheck.KIND,
          LoraCheck.KIND,
          PreferenceCheck.KIND,
          MethodsCheck.KIND,
          PolicyCheck.KIND,
          DistillationCheck.KIND,
          MiniLlmCheck.KIND,
          SelfDistillationCheck.KIND,
          SelfTrainingCheck.KIND,
          Methods2Check.KIND,
          StoredHeadCheck.KIND,
          ModelCheck.KIND,
          SpeechCheck.KIND,
          ConversationCheck.KIND,
          ImageOpsCheck.KIND,
          PictureModelCheck.EMBEDDERS,
          PictureModelCheck.CLASSIFIERS,
          EmbedderCheck.KIND,
          RerankCheck.KIND,
          ClassifierAdapterCheck.KIND,
          PooledScoreCheck.KIND,
          FourBitModelCheck.KIND,
          GgufCheck.KIND,
          Kind.unsupported("format GGUF", source -> source.hasAny("llama_cpp", "types")));

  private Kinds() {}

  static Optional<Kind> find(GoldenSource source) {
    return ALL.stream().filter(kind -> kind.matches().test(source)).findFirst();
  }

  /** Describes a source of unknown kind. */
  static String unknown(GoldenSource source) {
    if (source.isFile()) {
      return "golden file " + source.path().getFileName();
    }
    if (!source.kind().isEmpty()) {
      String family = source.file(ModelConfig.FILE).path("model_type").asText("");
      return "kind " + source.kind() + (family.isEmpty() ? "" : " (model_type " + family + ")");
    }
    return "golden folder with the files " + source.files();
  }
}
