package io.adapt4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.internal.answer.Answerer;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.retrieve.SearchBy;
import io.adapt4j.rag.spi.Reranker;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What finds documents, in the hands of the real LangChain4j. */
class LangChain4jRetrievalTest {

  @Test
  void aContentTellsItsDocumentAndSpan() {
    try (SmallIndex index = SmallIndex.ofAnimals()) {
      List<Content> found =
          LangChain4jRetrieval.contentRetriever(retriever(index, 2))
              .retrieve(Query.from("badgers"));
      assertThat(found).hasSize(2);
      TextSegment first = found.get(0).textSegment();
      assertThat(first.text()).isEqualTo("Badgers eat worms.");
      assertThat(first.metadata().getString(LangChain4jRetrieval.DOCUMENT_ID))
          .isEqualTo("badger.txt");
      assertThat(first.metadata().getString(LangChain4jRetrieval.TITLE)).isEqualTo("On badgers");
      assertThat(first.metadata().getInteger(LangChain4jRetrieval.CHUNK)).isEqualTo(0);
      assertThat(first.metadata().getInteger(LangChain4jRetrieval.START)).isEqualTo(0);
      assertThat(first.metadata().getInteger(LangChain4jRetrieval.END)).isEqualTo(18);
      assertThat(first.metadata().getLong("year")).isEqualTo(1999);
      assertThat(first.metadata().getString("wild")).isEqualTo("true");
      assertThat(found.get(0).metadata().get(ContentMetadata.EMBEDDING_ID))
          .isEqualTo("badger.txt#0");
      assertThat((double) found.get(0).metadata().get(ContentMetadata.SCORE))
          .isGreaterThan((double) found.get(1).metadata().get(ContentMetadata.SCORE));
    }
  }

  @Test
  void theirRetrieverIsASourceWhoseCitationsAreChecked() {
    ContentRetriever theirs =
        query ->
            List.of(
                Content.from(
                    TextSegment.from(
                        "Badgers eat worms.",
                        Metadata.from(LangChain4jRetrieval.TITLE, "On badgers"))),
                Content.from("Otters eat fish."));
    SearchIndex index = LangChain4jRetrieval.index(theirs);
    RetrievalOptions words = RetrievalOptions.builder().searchBy(SearchBy.WORDS).build();
    Retriever retriever = Retriever.of(index, new Letters(), words);
    List<Passage> passages = retriever.retrieve("What do badgers eat?").passages();
    assertThat(passages)
        .extracting(Passage::text)
        .containsExactly("Badgers eat worms.", "Otters eat fish.");
    assertThat(passages.get(0).title()).isEqualTo("On badgers");
    assertThat(passages.get(0).score()).isGreaterThan(passages.get(1).score());

    TextGenerator cites = (messages, chosen) -> GeneratedText.of("They eat worms [1].");
    Answer answer =
        Answerer.of(index, retriever, cites, TokenBudget.estimated(2000), AnswerOptions.defaults())
            .answer(
                List.of(ChatMessage.user("What do badgers eat?")), Optional.empty(), piece -> {});
    assertThat(answer.citations()).hasSize(1);
    assertThat(answer.citations().get(0).text()).isEqualTo("Badgers eat worms.");
    assertThat(answer.citations().get(0).verified()).isTrue();
    assertThatThrownBy(() -> index.delete(List.of("a")))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("delete documents where it searches");
  }

  @Test
  void theirStoreSearchesByOurVectors() {
    EmbeddingModel model = LangChain4jRetrieval.embeddingModel(new Letters());
    InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
    List<TextSegment> segments = List.of(TextSegment.from("aaab"), TextSegment.from("zzzy"));
    store.addAll(model.embedAll(segments).content(), segments);
    List<Content> found =
        EmbeddingStoreContentRetriever.builder()
            .embeddingStore(store)
            .embeddingModel(model)
            .embeddingInputType(EmbeddingInputType.QUERY)
            .maxResults(1)
            .build()
            .retrieve(Query.from("zyz"));
    assertThat(found.get(0).textSegment().text()).isEqualTo("zzzy");
    assertThat(model.dimension()).isEqualTo(26);
    assertThat(model.modelName()).isEqualTo("letters");
  }

  @Test
  void questionsAndPassagesAreToldApart() {
    Letters letters = new Letters();
    EmbeddingModel model = LangChain4jRetrieval.embeddingModel(letters);
    TextEmbeddings back = LangChain4jRetrieval.embeddings(model, "letters again");
    assertThat(back.query("abc")).containsExactly(letters.query("abc"), within(1e-6f));
    assertThat(letters.questions).isEqualTo(2);
    assertThat(back.passages(List.of("abc", "d")).get(1))
        .containsExactly(letters.query("d"), within(1e-6f));
    assertThat(letters.questions).isEqualTo(3);
    assertThat(back.passages(List.of())).isEmpty();
    assertThat(back.identity()).isEqualTo("letters again");
    assertThat(back.dimension()).isEqualTo(26);
  }

  @Test
  void theirVectorsAreScaledToLengthOne() {
    float[] theirs = {3, 4};
    EmbeddingModel model =
        new EmbeddingModel() {
          @Override
          public dev.langchain4j.model.output.Response<List<Embedding>> embedAll(
              List<TextSegment> texts) {
            return dev.langchain4j.model.output.Response.from(
                texts.stream().map(text -> Embedding.from(theirs)).toList());
          }
        };
    float[] vector = LangChain4jRetrieval.embeddings(model, "three-four").query("a");
    assertThat(vector[0]).isCloseTo(0.6f, within(1e-6f));
    assertThat(vector[1]).isCloseTo(0.8f, within(1e-6f));
    assertThat(theirs).containsExactly(3, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LangChain4jRetrieval.embeddings(model, " "))
        .withMessageContaining("identity");
  }

  private static Retriever retriever(SearchIndex index, int limit) {
    return Retriever.of(
        index, new Letters(), RetrievalOptions.builder().limit(limit).parents(false).build());
  }

  @Test
  void aRerankerScoresAndTheirScoringModelReranks() {
    Reranker letters =
        (question, passages) ->
            passages.stream().mapToDouble(text -> text.contains(question) ? 1 : 0.25).toArray();
    ScoringModel scoring = LangChain4jRetrieval.scoringModel(letters);
    assertThat(
            scoring
                .scoreAll(List.of(TextSegment.from("a cat"), TextSegment.from("a dog")), "dog")
                .content())
        .containsExactly(0.25, 1.0);
    assertThat(scoring.score("a cat", "cat").content()).isEqualTo(1.0);
    assertThat(LangChain4jRetrieval.reranker(scoring).scores("cat", List.of("a dog", "a cat")))
        .containsExactly(0.25, 1.0);
  }
}
