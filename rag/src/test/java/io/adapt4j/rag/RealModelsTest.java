package io.adapt4j.rag;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.SearchBy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** From documents to an answer on the real MiniLM and a real, tiny language model. */
class RealModelsTest {

  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");

  private static final List<Document> HANDBOOK =
      List.of(
          Document.of(
              "returns.md",
              "# Returns\n\nGoods may be sent back within 30 days. The buyer keeps the receipt.\n"),
          Document.of(
              "holiday.md",
              "# Holidays\n\nEverybody has 28 days of paid leave a year, taken by agreement.\n"),
          Document.of(
              "parking.md", "# Parking\n\nVisitors leave their cars on the second deck.\n"));

  @Test
  void meaningFindsWhatWordsDoNot() throws IOException {
    RetrievalOptions byVector =
        RetrievalOptions.builder().searchBy(SearchBy.VECTOR).minimumSimilarity(0.2).build();
    try (LocalEmbeddings embeddings = RealModel.load();
        Rag rag =
            Rag.builder()
                .index(new MemoryIndex())
                .embeddings(embeddings)
                .retrieval(byVector)
                .build()) {
      rag.add(HANDBOOK);
      assertThat(rag.ask("How much vacation do I get?").citations().get(0).documentId())
          .isEqualTo("holiday.md");
      assertThat(rag.ask("Where can guests put an automobile?").citations().get(0).documentId())
          .isEqualTo("parking.md");
      Answer unknown = rag.ask("What is the boiling point of helium?");
      assertThat(unknown.answerable()).isFalse();
      assertThat(unknown.citations()).isEmpty();
    }
  }

  @Test
  void aLanguageModelInThisProcessAnswersWithinItsContext() throws IOException {
    AnswerOptions answering =
        AnswerOptions.builder()
            .generation(GenerationOptions.greedy().toBuilder().maxNewTokens(16).build())
            .build();
    StringBuilder streamed = new StringBuilder();
    try (LocalEmbeddings embeddings = RealModel.load();
        LanguageModel model = LanguageModel.load(ModelSource.path(STORIES));
        Rag rag =
            Rag.builder()
                .index(new MemoryIndex())
                .embeddings(embeddings)
                .generator(model)
                .answering(answering)
                .build()) {
      rag.add(HANDBOOK);
      Answer answer = rag.askStreaming("How much vacation do I get?", streamed::append);
      assertThat(streamed.toString().strip()).isEqualTo(answer.text()).isNotEmpty();
      assertThat(answer.passages().get(0).documentId()).isEqualTo("holiday.md");
      int read = answer.trace().usage().orElseThrow().promptTokens();
      assertThat(read)
          .isBetween(answer.trace().promptTokens() - 8, answer.trace().promptTokens() + 8);
      assertThat(read + 16).isLessThanOrEqualTo(model.contextLength());
      assertThat(TokenBudget.of(model).controlTexts()).contains("<s>", "</s>");
    }
  }

  @Test
  void halvesOfCharactersInADocumentDisturbNothing() throws IOException {
    String text = "Half a smile \ud83d here, a whole one \ud83d\ude00 there. ".repeat(40);
    AnswerOptions answering =
        AnswerOptions.builder()
            .generation(GenerationOptions.greedy().toBuilder().maxNewTokens(4).build())
            .build();
    try (LocalEmbeddings embeddings = RealModel.load();
        LanguageModel model = LanguageModel.load(ModelSource.path(STORIES));
        Rag rag =
            Rag.builder()
                .index(new MemoryIndex())
                .embeddings(embeddings)
                .generator(model)
                .answering(answering)
                .build()) {
      rag.add(List.of(Document.of("smiles.txt", text)));
      Answer answer = rag.ask("Where is half a smile \ude00?");
      assertThat(answer.passages().get(0).text()).contains("\ud83d here");
      assertThat(answer.trace().usage().orElseThrow().promptTokens()).isPositive();
    }
  }
}
