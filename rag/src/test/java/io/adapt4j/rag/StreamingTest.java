package io.adapt4j.rag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.Filter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Streams with a filter and their own end, and contexts that are too small. */
class StreamingTest {

  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");

  private static final List<Document> HANDBOOK =
      List.of(
          new Document(
              "old.md", "", "Goods may be sent back within 14 days.", Map.of("year", 2020L)),
          new Document(
              "new.md", "", "Goods may be sent back within 30 days.", Map.of("year", 2024L)));

  private final List<String> pieces = new ArrayList<>();

  /** Says a word at a time. */
  private static final class Talker implements TextGenerator {
    private int said;

    @Override
    public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
      return stream(messages, options, piece -> {});
    }

    @Override
    public GeneratedText stream(
        List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 10; i++) {
        String piece = "word" + i + " [1] ";
        said++;
        onText.accept(piece);
        text.append(piece);
      }
      return new GeneratedText(text.toString(), FinishReason.STOP, Optional.empty(), false);
    }
  }

  private static Rag rag(Optional<TextGenerator> generator) throws IOException {
    RagBuilder builder = Rag.builder().index(new MemoryIndex()).embeddings(new WordEmbeddings());
    generator.ifPresent(builder::generator);
    Rag rag = builder.build();
    rag.add(HANDBOOK);
    return rag;
  }

  @Test
  void aStreamTakesAFilter() throws IOException {
    try (Rag rag = rag(Optional.of(new Talker()))) {
      Answer answer =
          rag.askStreaming(
              "When are goods sent back?", new Filter.Equal("year", 2020L), pieces::add);
      assertThat(answer.passages()).hasSize(1);
      assertThat(answer.passages().get(0).documentId()).isEqualTo("old.md");
      assertThat(pieces).hasSize(10);
    }
  }

  @Test
  void aCancelledStreamEndsAtTheNextPieceWithWhatThereIs() throws IOException {
    Talker talker = new Talker();
    CancellationToken cancellation = new CancellationToken();
    try (Rag rag = rag(Optional.of(talker))) {
      Answer answer =
          rag.askStreaming(
              "When are goods sent back?",
              piece -> {
                pieces.add(piece);
                if (pieces.size() == 3) {
                  cancellation.cancel();
                }
              },
              cancellation);
      assertThat(talker.said).isEqualTo(3);
      assertThat(answer.text()).isEqualTo("word0 [1] word1 [1] word2 [1]");
      assertThat(answer.citations()).hasSize(1);
      assertThat(answer.trace().stages())
          .anyMatch(stage -> stage.name().equals("generate") && stage.note().equals("cancelled"));
      assertThat(rag.ask("When are goods sent back?").text()).endsWith("word9 [1]");
    }
  }

  @Test
  void aStreamCancelledBeforehandAsksNobody() throws IOException {
    Talker talker = new Talker();
    CancellationToken cancellation = new CancellationToken();
    cancellation.cancel();
    try (Rag rag = rag(Optional.of(talker))) {
      Answer answer = rag.askStreaming("When are goods sent back?", pieces::add, cancellation);
      assertThat(answer.answerable()).isFalse();
      assertThat(answer.text()).isEmpty();
      assertThat(talker.said).isZero();
      assertThat(pieces).isEmpty();
    }
  }

  @Test
  void passagesWithoutAGeneratorAreCancelledToo() throws IOException {
    CancellationToken cancellation = new CancellationToken();
    try (Rag rag = rag(Optional.empty())) {
      Answer answer =
          rag.askStreaming(
              List.of(ChatMessage.user("When are goods sent back?")),
              Optional.empty(),
              piece -> {
                pieces.add(piece);
                cancellation.cancel();
              },
              cancellation);
      assertThat(pieces).hasSize(1);
      assertThat(answer.citations()).hasSize(1);
    }
  }

  @Test
  void aModelInThisProcessEndsAfterTheCurrentToken() throws IOException {
    CancellationToken cancellation = new CancellationToken();
    AnswerOptions answering =
        AnswerOptions.builder()
            .generation(GenerationOptions.greedy().toBuilder().maxNewTokens(64).build())
            .build();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(STORIES));
        Rag rag =
            Rag.builder()
                .index(new MemoryIndex())
                .embeddings(new WordEmbeddings())
                .generator(model)
                .answering(answering)
                .build()) {
      rag.add(HANDBOOK);
      Answer answer =
          rag.askStreaming(
              "When are goods sent back?",
              piece -> {
                pieces.add(piece);
                cancellation.cancel();
              },
              cancellation);
      assertThat(answer.trace().usage().orElseThrow().newTokens()).isLessThan(8);
    }
  }

  @Test
  void aContextWithoutRoomIsRefusedByBuildAndOneWithRoomAnswers() throws IOException {
    int fits = 0;
    for (int context = 100; fits == 0; context += 20) {
      RagBuilder builder =
          Rag.builder()
              .index(new MemoryIndex())
              .embeddings(new WordEmbeddings())
              .generator(new Talker(), TokenBudget.estimated(context));
      try (Rag rag = builder.build()) {
        fits = context;
        rag.add(List.of(Document.of("long.md", "Goods may be sent back within days. ".repeat(99))));
        assertThat(rag.ask("When may goods be sent back?").passages()).hasSize(1);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("context of " + context + " tokens has no room");
      }
    }
    assertThat(fits).isGreaterThan(AnswerOptions.DEFAULT_MAX_NEW_TOKENS);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Rag.builder()
                    .index(new MemoryIndex())
                    .embeddings(new WordEmbeddings())
                    .generator(new Talker(), TokenBudget.estimated(512))
                    .build())
        .withMessageContaining("Lower maxNewTokens");
  }
}
