package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.score.ScoringRequest;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts that are null, and lists with one that is, are refused by the argument's name. */
class MissingTextsTest {

  private static final GenerationOptions OPTIONS = GenerationOptions.defaults();
  private static final List<String> WITH_NULL = Arrays.asList("a", null);

  @TempDir private Path folder;

  private static void refused(String message, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(message);
  }

  @Test
  void languageModelsNameTheArgument() throws Exception {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(SmallModel.write(folder)))) {
      refused("prompt: expected a value, found null", () -> model.generate(null, OPTIONS));
      refused("options: expected a value, found null", () -> model.generate("a", null));
      refused("prompt: expected a value, found null", () -> model.generate(null, OPTIONS, t -> {}));
      refused("onText: expected a value, found null", () -> model.generate("a", OPTIONS, null));
      refused(
          "prompts: expected 2 values, found null as element 1",
          () -> model.generateAll(WITH_NULL, OPTIONS));
      refused("prompts: expected a value, found null", () -> model.generateIds(null, OPTIONS));
      refused("messages: expected a value, found null", () -> model.chat(null, OPTIONS));
      refused(
          "conversations: expected 1 values, found null as element 0",
          () -> model.chatAll(Arrays.asList((List<ChatMessage>) null), OPTIONS));
      refused("context: expected a value, found null", () -> model.score(null, "b"));
      refused("continuation: expected a value, found null", () -> model.score("a", null));
      refused("requests: expected a value, found null", () -> model.scoreAll(null));
    }
    refused("content: expected a value, found null", () -> ChatMessage.user(null));
    refused("continuation: expected a value, found null", () -> new ScoringRequest("a", null));
  }

  @Test
  void embeddersNameTheArgument() throws Exception {
    try (TextEmbedder model = TextEmbedder.load(ModelSource.path(SmallEncoder.write(folder)))) {
      refused("text: expected a value, found null", () -> model.embed(null));
      refused("texts: expected 2 values, found null as element 1", () -> model.embedAll(WITH_NULL));
      refused("texts: expected a value, found null", () -> model.countTruncated(null));
      refused("text: expected a value, found null", () -> model.countTokens(null));
    }
  }

  @Test
  void classifiersNameTheArgument() throws Exception {
    Path path = SmallEncoder.write(folder, "BertForSequenceClassification", "");
    try (TextClassifier model = TextClassifier.load(ModelSource.path(path))) {
      refused("text: expected a value, found null", () -> model.classify(null));
      refused(
          "texts: expected 2 values, found null as element 1", () -> model.classifyAll(WITH_NULL));
      refused("second: expected a value, found null", () -> model.classifyPair("a", null));
      refused(
          "seconds: expected 2 values, found null as element 1",
          () -> model.classifyPairs("a", WITH_NULL));
    }
  }

  @Test
  void tokenModelsNameTheArgument() throws Exception {
    Path path = SmallEncoder.write(folder.resolve("tags"), "BertForTokenClassification", "");
    try (TokenClassifier model = TokenClassifier.load(ModelSource.path(path))) {
      refused("text: expected a value, found null", () -> model.entities(null));
      refused("words: expected 2 values, found null as element 1", () -> model.tagWords(WITH_NULL));
    }
    Path masked = SmallEncoder.write(folder.resolve("masked"), "BertForMaskedLM", "");
    try (MaskedLanguageModel model = MaskedLanguageModel.load(ModelSource.path(masked))) {
      refused("text: expected a value, found null", () -> model.fill(null, 1));
    }
  }
}
