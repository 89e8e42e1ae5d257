package io.adapt4j.verification.fuzz;

import com.google.common.base.Suppliers;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.verification.ExampleFiles;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The stories model of the examples. */
final class Stories {

  static final Path FOLDER = ExampleFiles.example("models/stories260K");

  /** Key of its files. */
  static final byte[] KEY = new byte[32];

  private static final Supplier<LanguageModel> SHARED = Suppliers.memoize(Stories::loaded);

  private Stories() {}

  /** {@return the model that targets share, with a chat template and encrypted files} */
  static LanguageModel shared() {
    return SHARED.get();
  }

  private static LanguageModel loaded() {
    LanguageModel model = LanguageModel.load(ModelSource.path(FOLDER), Precision.FP32);
    model.encryptPrompts(KEY);
    model.useChatTemplate(ChatTemplate.named("chatml"));
    Runtime.getRuntime().addShutdownHook(new Thread(model::close));
    return model;
  }
}
