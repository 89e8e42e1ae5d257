package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.SearchBy;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.rag.Query;
import org.springframework.ai.rag.advisor.RetrievalAugmentationAdvisor;
import org.springframework.ai.tool.annotation.Tool;

/** What users of Spring AI ask for, each in the hands of the real one. */
class WishesTest {

  @AutoClose private static final LanguageModel model = TestModel.load();

  private final Script script = new Script();
  private final Adapt4jChatModel chat =
      Adapt4jChatModel.builder().replier(new ModelReplier(() -> model, any -> script)).build();

  /** Vectors that know nothing of words but their letters. */
  private record Letters() implements TextEmbeddings {

    @Override
    public String identity() {
      return "letters";
    }

    @Override
    public int dimension() {
      return 26;
    }

    @Override
    public List<float[]> passages(List<String> texts) {
      return texts.stream().map(this::query).toList();
    }

    @Override
    public float[] query(String text) {
      float[] counts = new float[26];
      text.toLowerCase(Locale.ROOT)
          .chars()
          .filter(letter -> letter >= 'a' && letter <= 'z')
          .forEach(letter -> counts[letter - 'a']++);
      double length = 0;
      for (float count : counts) {
        length += count * count;
      }
      for (int i = 0; i < 26; i++) {
        counts[i] /= (float) Math.sqrt(Math.max(1, length));
      }
      return counts;
    }
  }

  private static Rag animals(Path folder) throws IOException {
    Rag rag =
        Rag.builder()
            .index(folder)
            .embeddings(new Letters())
            .retrieval(
                RetrievalOptions.builder()
                    .searchBy(SearchBy.BOTH)
                    .reranker(
                        (question, texts) ->
                            texts.stream()
                                .mapToDouble(text -> text.contains("worms") ? 0.9 : 0.1)
                                .toArray())
                    .limit(2)
                    .build())
            .build();
    rag.add(
        List.of(
            new Document("otter.txt", "", "Badgers are not otters; otters eat fish.", Map.of()),
            new Document("badger.txt", "On badgers", "They eat worms.", Map.of("year", 1999)),
            new Document("owl.txt", "", "Owls eat mice.", Map.of())));
    return rag;
  }

  @Test
  void hybridRetrievalIsRerankedBeforeTheModelReads(@TempDir Path folder) throws IOException {
    try (Rag rag = animals(folder)) {
      Adapt4jDocumentRetriever retriever = Adapt4jDocumentRetriever.of(rag);
      List<org.springframework.ai.document.Document> found =
          retriever.retrieve(new Query("What do badgers eat?"));
      assertThat(found).hasSize(2);
      assertThat(found.get(0).getText()).isEqualTo("They eat worms.");
      assertThat(found.get(0).getScore()).isEqualTo(0.9);
      assertThat(found.get(0).getMetadata())
          .containsEntry(Adapt4jDocumentRetriever.DOCUMENT_ID, "badger.txt")
          .containsEntry(Adapt4jDocumentRetriever.TITLE, "On badgers")
          .containsEntry(Adapt4jDocumentRetriever.START, 0)
          .containsEntry(Adapt4jDocumentRetriever.END, 15)
          .containsEntry("year", 1999L);

      ChatClient.builder(chat)
          .defaultAdvisors(
              RetrievalAugmentationAdvisor.builder().documentRetriever(retriever).build())
          .build()
          .prompt("What do badgers eat?")
          .call()
          .content();
      String prompt = Objects.requireNonNull(script.asked.get(0).get(0).content()).toString();
      assertThat(prompt).contains("What do badgers eat?", "They eat worms.", "otters eat fish");
      assertThat(prompt.indexOf("worms")).isLessThan(prompt.indexOf("fish"));
    }
  }

  /** A tool of an application. */
  static final class Weather {

    @Tool(name = "weather", description = "The weather in a city.")
    String weather(String city) {
      return "sunny in " + city;
    }
  }

  @Test
  void toolsAreCalledInAStream() {
    String answer =
        String.join(
            "",
            Objects.requireNonNull(
                ChatClient.create(chat).prompt("Weather in Munich?").tools(new Weather()).stream()
                    .content()
                    .collectList()
                    .block()));
    assertThat(answer).isEqualTo("The tool says: \"sunny in Munich\"");
  }

  @Test
  void usageComesWithTheEndOfAStream() {
    List<ChatResponse> pieces =
        Objects.requireNonNull(
            ChatClient.create(chat).prompt("Good day").stream()
                .chatResponse()
                .collectList()
                .block());
    Usage usage = pieces.get(pieces.size() - 1).getMetadata().getUsage();
    assertThat(usage.getPromptTokens()).isEqualTo(7);
    assertThat(usage.getCompletionTokens()).isEqualTo(4);
    assertThat(usage.getTotalTokens()).isEqualTo(11);
  }
}
