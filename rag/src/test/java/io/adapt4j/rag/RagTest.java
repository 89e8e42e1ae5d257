package io.adapt4j.rag;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.ReadingLimits;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The entry point, on an index in memory and vectors of words. */
class RagTest {

  private final MemoryIndex index = new MemoryIndex();
  private final WordEmbeddings embeddings = new WordEmbeddings();

  private RagBuilder builder() {
    return Rag.builder().index(index).embeddings(embeddings);
  }

  private static List<Document> numbered(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Document.of("doc" + i, "Parcel number " + i + " is in room r" + i + "."))
        .toList();
  }

  @Test
  void aFolderIsAddedAndAnsweredFromWithCitations(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("returns.md"),
        """
        # Returns

        ## Deadline

        Goods may be returned within 30 days.

        ## Costs

        Postage is paid by us.
        """);
    Files.write(folder.resolve("broken.txt"), new byte[0]);
    try (Rag rag = builder().build()) {
      IngestReport report = rag.add(Documents.in(folder));
      assertThat(report.documents()).isEqualTo(1);
      assertThat(report.chunks()).isEqualTo((int) index.chunkCount()).isPositive();
      assertThat(report.reading().skipped()).hasSize(1);
      Answer answer = rag.ask("When may goods be returned, what is the deadline?");
      Citation first = answer.citations().get(0);
      assertThat(first.documentId()).isEqualTo("returns.md");
      assertThat(first.text()).contains("within 30 days");
      String text = index.document("returns.md").orElseThrow().text();
      assertThat(first.span().of(text)).isEqualTo(first.text());
      assertThat(answer.checked()).isTrue();
    }
  }

  @Test
  void manyDocumentsAreStoredInBatchesAndNoneIsLost() throws IOException {
    try (Rag rag = builder().build()) {
      IngestReport report = rag.add(numbered(1300));
      assertThat(report.documents()).isEqualTo(1300);
      assertThat(index.documentCount()).isEqualTo(1300);
      assertThat(index.writes).containsExactly(512, 512, 276);
      assertThat(rag.search("parcel number 777").passages().get(0).documentId())
          .isEqualTo("doc777");
    }
  }

  @Test
  void aDocumentAddedTwiceInOneGoIsTheLaterOne() throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(List.of(Document.of("a", "red shoes"), Document.of("a", "blue hats")));
      assertThat(index.document("a").orElseThrow().text()).isEqualTo("blue hats");
    }
  }

  @Test
  void aFolderIsBroughtUpToDateByContent(@TempDir Path folder) throws IOException {
    for (String name : List.of("same", "changed", "gone", "grown")) {
      Files.writeString(folder.resolve(name + ".txt"), "The text of " + name + ".");
    }
    try (Rag rag = builder().build()) {
      rag.add(List.of(Document.of("elsewhere", "Not of the folder.")));
      assertThat(rag.sync(Documents.in(folder)).documents()).isEqualTo(4);
      assertThat(index.document("elsewhere")).isEmpty();
      Files.writeString(folder.resolve("changed.txt"), "Another text.");
      Files.setLastModifiedTime(folder.resolve("same.txt"), FileTime.fromMillis(1_000_000));
      Files.delete(folder.resolve("gone.txt"));
      Files.writeString(folder.resolve("grown.txt"), "Too much. ".repeat(100));
      embeddings.calls.clear();
      Documents limited = Documents.in(folder).limits(ReadingLimits.standard().withBytes(500));
      IngestReport report = rag.sync(limited);
      assertThat(report.unchanged()).isEqualTo(1);
      assertThat(report.deleted()).containsExactly("gone.txt");
      assertThat(report.reading().failed()).hasSize(1);
      assertThat(embeddings.calls).containsExactly(List.of("Another text."));
      assertThat(index.contentHashes()).containsOnlyKeys("same.txt", "changed.txt", "grown.txt");
      assertThat(rag.sync(limited).documents()).isZero();
    }
  }

  @Test
  void aSourceWithoutDocumentsDeletesNothing(@TempDir Path unmounted) throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(numbered(3));
      assertThatThrownBy(() -> rag.sync(Documents.in(unmounted)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("The source has no documents, and all 3 of the index")
          .hasMessageContaining("delete(...)");
      assertThat(index.contentHashes()).hasSize(3);
    }
  }

  @Test
  void anUpdateAddsWhatIsNewAndNamesWhatIsGoneButKeepsIt() throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(List.of(Document.of("a", "One page."), Document.of("b", "Other page.")));
      IngestReport report =
          rag.update(
              Documents.of(List.of(Document.of("a", "One page."), Document.of("c", "New page."))));
      assertThat(report.documents()).isEqualTo(1);
      assertThat(report.unchanged()).isEqualTo(1);
      assertThat(report.deleted()).isEmpty();
      assertThat(report.missing()).containsExactly("b");
      assertThat(index.contentHashes()).containsOnlyKeys("a", "b", "c");
    }
  }

  @Test
  void aSynchronizedPartLeavesTheRestOfTheIndex() throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(List.of(Document.of("wiki/a", "One page."), Document.of("mail/b", "One mail.")));
      IngestReport report =
          rag.sync(Documents.of(List.of(Document.of("wiki/c", "Other page."))), "wiki/");
      assertThat(report.deleted()).containsExactly("wiki/a");
      assertThat(index.contentHashes()).containsOnlyKeys("wiki/c", "mail/b");
      assertThatThrownBy(
              () -> rag.sync(Documents.of(List.of(Document.of("x", "No page."))), "wiki/"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prefix");
      assertThat(index.contentHashes()).containsOnlyKeys("wiki/c", "mail/b");
    }
  }

  @Test
  void deletedDocumentsAreNotFound() throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(numbered(5));
      rag.delete(List.of("doc3"));
      assertThat(rag.search("parcel number 3").passages())
          .extracting(Passage::documentId)
          .doesNotContain("doc3");
    }
  }

  @Test
  void aFilterKeepsOtherDocumentsOut() throws IOException {
    try (Rag rag = builder().build()) {
      rag.add(
          List.of(
              new Document("a", "", "red shoes", Map.of("customer", "x")),
              new Document("b", "", "red shoes", Map.of("customer", "y"))));
      Filter filter = new Filter.Equal("customer", "y");
      assertThat(rag.search("red", filter).passages())
          .extracting(Passage::documentId)
          .containsExactly("b");
      assertThat(rag.ask("red", filter).citations())
          .extracting(Citation::documentId)
          .containsExactly("b");
    }
  }

  @Test
  void whatGoesWrongIsThrownAndWhatWasStoredStays() throws IOException {
    TextEmbeddings failing =
        new TextEmbeddings() {
          private int calls;

          @Override
          public String identity() {
            return "failing";
          }

          @Override
          public int dimension() {
            return embeddings.dimension();
          }

          @Override
          public List<float[]> passages(List<String> texts) {
            if (++calls == 2) {
              throw new GeneratorException("out of order");
            }
            return embeddings.passages(texts);
          }

          @Override
          public float[] query(String text) {
            return embeddings.query(text);
          }
        };
    try (Rag rag = Rag.builder().index(index).embeddings(failing).build()) {
      assertThatThrownBy(() -> rag.add(numbered(2000))).hasMessage("out of order");
      assertThat(index.documentCount()).isEqualTo(512);
      assertThat(rag.add(numbered(10)).documents()).isEqualTo(10);
    }
  }

  @Test
  void aGeneratorWritesStreamsAndIsTraced() throws IOException {
    List<Trace> traces = new ArrayList<>();
    StringBuilder streamed = new StringBuilder();
    try (Rag rag =
        builder()
            .generator(TextGenerator.of("fixed", prompt -> "In room r2 [1]."))
            .listener(traces::add)
            .splitter(Splitter.builder().maxTokens(32).build())
            .build()) {
      rag.add(numbered(5));
      Answer answer = rag.askStreaming("Where is parcel number 2?", streamed::append);
      assertThat(streamed).hasToString("In room r2 [1].");
      assertThat(answer.citations().get(0).documentId()).isEqualTo("doc2");
      assertThat(traces).containsExactly(answer.trace());
    }
  }

  @Test
  void aConversationsLastMessageIsAnswered() throws IOException {
    try (Rag rag =
        builder()
            .generator(
                TextGenerator.of(
                    "fixed",
                    prompt -> prompt.contains("conversation>>>") ? "parcel number 4" : "r4 [1]"))
            .build()) {
      rag.add(numbered(5));
      Answer answer =
          rag.ask(
              List.of(
                  ChatMessage.user("Where is parcel number 2?"),
                  ChatMessage.assistant("In room r2 [1]."),
                  ChatMessage.user("And 4?")));
      assertThat(answer.trace().question()).isEqualTo("parcel number 4");
      assertThat(answer.citations().get(0).documentId()).isEqualTo("doc4");
    }
  }

  @Test
  void severalThreadsAskWhileOneAddsAndDeletes() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Rag rag = builder().build()) {
      rag.add(numbered(20));
      List<Future<?>> asking = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        asking.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 50; i++) {
                    assertThat(rag.ask("parcel number " + i % 20).checked()).isTrue();
                  }
                }));
      }
      for (int i = 0; i < 20; i++) {
        rag.add(List.of(Document.of("more" + i, "Another letter " + i)));
        rag.delete(List.of("more" + i));
      }
      for (Future<?> future : asking) {
        future.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void afterClosingNothingWorksAndWhatWasGivenStaysOpen() throws IOException {
    Rag rag = builder().build();
    rag.add(numbered(1));
    rag.close();
    rag.close();
    refuses(IllegalStateException.class, () -> rag.ask("anything"), "closed");
    assertThat(index.documentCount()).isEqualTo(1);
  }

  @Test
  void anIndexInAFolderIsThereAgainAndRefusesOtherEmbeddings(@TempDir Path folder)
      throws IOException {
    try (Rag rag = Rag.builder().index(folder).embeddings(embeddings).build()) {
      rag.add(numbered(3));
      assertThat(rag.ask("Where is parcel number 2?").citations().get(0).documentId())
          .isEqualTo("doc2");
    }
    try (Rag rag = Rag.builder().index(folder).embeddings(embeddings).build()) {
      rag.delete(List.of("doc1"));
      assertThat(rag.index().documentCount()).isEqualTo(2);
      Answer answer = rag.ask("Where is parcel number 2?");
      assertThat(answer.citations().get(0).documentId()).isEqualTo("doc2");
      assertThat(answer.checked()).isTrue();
    }
    RagBuilder other = Rag.builder().index(folder).embeddings(new WordEmbeddings("others"));
    assertThatIllegalStateException().isThrownBy(other::build).withMessageContaining("others");
  }

  @Test
  void anIndexMustBeSet() {
    refuses(
        IllegalStateException.class, () -> Rag.builder().embeddings(embeddings).build(), "index");
  }

  @Test
  void missingTextsAreNamed() throws IOException {
    try (Rag rag = builder().generator(TextGenerator.of("fixed", prompt -> "fine")).build()) {
      assertThatThrownBy(() -> rag.ask((String) null))
          .hasMessage("question: expected a value, found null");
      assertThatThrownBy(() -> rag.ask((List<ChatMessage>) null))
          .hasMessage("conversation: expected a value, found null");
      assertThatThrownBy(() -> rag.askStreaming("why", null))
          .hasMessage("onText: expected a value, found null");
      assertThatThrownBy(() -> rag.search(null))
          .hasMessage("question: expected a value, found null");
    }
  }
}
