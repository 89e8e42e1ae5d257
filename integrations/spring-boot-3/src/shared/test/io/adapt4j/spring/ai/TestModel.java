package io.adapt4j.spring.ai;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;

/** A small model for these tests, with a chat template that it was not trained on. */
final class TestModel {

  static final Path FOLDER = Path.of("../../examples/models/stories260K");

  private TestModel() {}

  static LanguageModel load() {
    LanguageModel model = LanguageModel.load(ModelSource.path(FOLDER));
    model.useAnyChatTemplate(ChatTemplate.named("chatml"));
    return model;
  }
}
