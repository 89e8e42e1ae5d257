package io.adapt4j.rag.index;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.SearchIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexSyncTest {

  @TempDir private Path folder;
  @AutoClose private LuceneIndex index;
  private final List<String> prepared = new ArrayList<>();

  @BeforeEach
  void open() {
    index = LuceneIndex.builder(folder).embeddings("m", 3).open();
  }

  private List<SearchIndex.Entry> prepare(List<Document> documents) {
    documents.forEach(document -> prepared.add(document.id()));
    if (documents.stream().anyMatch(document -> document.text().equals("broken"))) {
      throw new IllegalArgumentException("cannot be split");
    }
    return documents.stream()
        .map(
            document ->
                new SearchIndex.Entry(
                    document,
                    Samples.entry(document.id(), document.text(), Samples.EAST).chunks(),
                    List.of(Samples.EAST)))
        .toList();
  }

  private IndexSync.Result sync(Document... documents) {
    prepared.clear();
    return IndexSync.builder(index, this::prepare).build().run(List.of(documents));
  }

  @Test
  void onlyNewAndChangedDocumentsAreSplitAndEmbedded() {
    sync(Document.of("a", "one"), Document.of("b", "two"), Document.of("c", "three"));
    IndexSync.Result result =
        sync(Document.of("a", "one"), Document.of("b", "changed"), Document.of("d", "four"));
    assertThat(prepared).containsExactly("b", "d");
    assertThat(result)
        .isEqualTo(new IndexSync.Result(List.of("d"), List.of("b"), List.of("c"), 1, Map.of()));
    assertThat(index.contentHashes()).containsOnlyKeys("a", "b", "d");
    assertThat(Samples.ids(index.search(Samples.words("changed")))).containsExactly("b#0");
  }

  @Test
  void aChangeOfTitleOrMetadataIsAChange() {
    sync(Document.of("a", "one"), Document.of("b", "two"));
    IndexSync.Result result =
        sync(
            new Document("a", "titled", "one", Map.of()),
            new Document("b", "", "two", Map.of("year", 2000)));
    assertThat(result.updated()).containsExactly("a", "b");
  }

  @Test
  void aFileThatWasOnlyTouchedIsNoChange() {
    sync(modified("a", "one", 1000), modified("b", "two", 1000));
    IndexSync.Result result = sync(modified("a", "one", 2000), modified("b", "three", 1000));
    assertThat(prepared).containsExactly("b");
    assertThat(result.updated()).containsExactly("b");
    assertThat(result.unchanged()).isEqualTo(1);
  }

  private static Document modified(String id, String text, long seconds) {
    return new Document(id, "", text, Map.of(Document.MODIFIED, seconds));
  }

  @Test
  void aDocumentThatFailsKeepsItsEarlierVersionAndTheRestGoesOn() {
    sync(Document.of("a", "fine"), Document.of("b", "earlier"));
    IndexSync.Result result =
        sync(Document.of("a", "better"), Document.of("b", "broken"), Document.of("c", "new"));
    assertThat(result.failed()).isEqualTo(Map.of("b", "cannot be split"));
    assertThat(result.updated()).containsExactly("a");
    assertThat(result.added()).containsExactly("c");
    assertThat(index.document("b").orElseThrow().text()).isEqualTo("earlier");
  }

  @Test
  void documentsOfOtherSourcesAndThoseToKeepStay() {
    sync(Document.of("x/1", "x"), Document.of("y/1", "y"), Document.of("y/2", "y"));
    IndexSync.Result result =
        IndexSync.builder(index, this::prepare)
            .prefix("y/")
            .keep(Set.of("y/2"))
            .build()
            .run(List.of(Document.of("z/1", "elsewhere")));
    assertThat(result.deleted()).containsExactly("y/1");
    assertThat(result.failed()).isEqualTo(Map.of("z/1", "id: expected to begin with 'y/'"));
    assertThat(index.contentHashes()).containsOnlyKeys("x/1", "y/2");
  }

  @Test
  void ofTwoDocumentsWithOneIdTheSecondIsReported() {
    IndexSync.Result result = sync(Document.of("a", "first"), Document.of("a", "second"));
    assertThat(result.failed()).containsOnlyKeys("a");
    assertThat(index.document("a").orElseThrow().text()).isEqualTo("first");
  }

  @Test
  void aSourceWithoutDocumentsDeletesNothing() {
    sync(Document.of("a", "one"), Document.of("b", "two"));
    refuses(IllegalStateException.class, this::sync, "all 2 of the index would be deleted");
    assertThat(index.documentCount()).isEqualTo(2);
  }

  @Test
  void aSourceThatBreaksOffDeletesNothing() {
    sync(Document.of("a", "one"), Document.of("b", "two"));
    Iterator<Document> broken =
        IntStream.of(1, 2)
            .mapToObj(
                i -> {
                  if (i == 2) {
                    throw new IllegalStateException("disk");
                  }
                  return Document.of("a", "one");
                })
            .iterator();
    assertThatIllegalStateException()
        .isThrownBy(() -> IndexSync.builder(index, this::prepare).build().run(() -> broken));
    assertThat(index.documentCount()).isEqualTo(2);
  }

  @Test
  void documentsArePreparedInBatches() {
    List<Integer> sizes = new ArrayList<>();
    IndexSync sync =
        IndexSync.builder(
                index,
                documents -> {
                  sizes.add(documents.size());
                  return prepare(documents);
                })
            .batch(2)
            .build();
    List<Document> five =
        IntStream.range(0, 5).mapToObj(i -> Document.of("d" + i, "text " + i)).toList();
    assertThat(sync.run(five).added()).containsExactly("d0", "d1", "d2", "d3", "d4");
    assertThat(sizes).containsExactly(2, 2, 1);
    sizes.clear();
    assertThat(sync.run(five))
        .isEqualTo(new IndexSync.Result(List.of(), List.of(), List.of(), 5, Map.of()));
    assertThat(sizes).isEmpty();
    assertThat(index.documentCount()).isEqualTo(5);
  }

  @Test
  void aBatchOfOneIsTheSmallest() {
    IndexSync.Builder builder = IndexSync.builder(index, this::prepare);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.batch(0))
        .withMessage("batch: expected at least 1, found 0");
    IndexSync.Result result =
        builder.batch(1).build().run(List.of(Document.of("a", "one"), Document.of("b", "two")));
    assertThat(result.added()).containsExactly("a", "b");
  }

  @Test
  void entriesThatAreTooFewAreNotStored() {
    IndexSync.Result result =
        IndexSync.builder(index, documents -> prepare(documents.subList(0, 1)))
            .build()
            .run(List.of(Document.of("a", "one"), Document.of("b", "two")));
    // One at a time they are as many as expected.
    assertThat(result.added()).containsExactly("a", "b");
    assertThat(result.failed()).isEmpty();
    result =
        IndexSync.builder(index, documents -> List.of())
            .build()
            .run(List.of(Document.of("a", "other")));
    assertThat(result.failed()).isEqualTo(Map.of("a", "expected 1 entries, found 0"));
    assertThat(index.document("a").orElseThrow().text()).isEqualTo("one");
  }

  @Test
  void aFailureWithoutAMessageIsReportedToo() {
    IndexSync.Result result =
        IndexSync.builder(
                index,
                documents -> {
                  throw new IllegalStateException();
                })
            .build()
            .run(List.of(Document.of("a", "one")));
    assertThat(result.failed()).isEqualTo(Map.of("a", "null"));
    assertThat(index.documentCount()).isZero();
  }
}
