package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of one repository in the cache, without a server. */
class RepositoryCacheTest {

  private static final String COMMIT = TestHub.COMMIT;
  private static final String OTHER = "f".repeat(40);

  @TempDir Path folder;

  private RepositoryCache cache() {
    return cache(Storage.NATIVE);
  }

  private RepositoryCache cache(Storage storage) {
    return new RepositoryCache(
        RepositoryId.model("acme/tiny"), TestSettings.of(folder).on(storage).build());
  }

  private Path repository() {
    return folder.resolve("models--acme--tiny");
  }

  private Path write(String name, String content) throws IOException {
    Path file = repository().resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static Object identity(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  @Test
  void aRevisionIsACommitOrWhatItsReferenceSays() throws IOException {
    RepositoryCache cache = cache();
    assertThat(cache.commitOf(COMMIT)).contains(COMMIT);
    assertThat(cache.commitOf("main")).isEmpty();

    write("refs/main", COMMIT + "\n");
    write("refs/damaged", "no commit");
    Files.createDirectories(repository().resolve("refs/folder"));

    assertThat(cache.commitOf("main")).contains(COMMIT);
    assertThat(cache.commitOf("damaged")).isEmpty();
    assertThat(cache.commitOf("folder")).isEmpty();
  }

  @Test
  void aReferenceIsWrittenOnlyWhereItChanges() throws IOException {
    RepositoryCache cache = cache();
    cache.rememberCommit("main", COMMIT);
    Path reference = repository().resolve("refs/main");
    assertThat(reference).hasContent(COMMIT);
    Object before = identity(reference);

    cache.rememberCommit("main", COMMIT);
    assertThat(identity(reference)).isEqualTo(before);
    assertThat(Files.exists(repository().resolve("refs").resolve(COMMIT))).isFalse();

    cache.rememberCommit("main", OTHER);
    assertThat(reference).hasContent(OTHER);
  }

  @Test
  void aListingIsWrittenOnceAndReadBack() throws IOException {
    RepositoryCache cache = cache();
    assertThat(cache.listing(COMMIT)).isEmpty();
    Listing listing =
        new Listing(
            COMMIT,
            Map.of(
                "config.json",
                JsonNodeFactory.instance.objectNode().put("size", 2).put("blob_id", "b")));

    cache.rememberListing(listing);
    assertThat(cache.listing(COMMIT)).contains(listing);
    Path tree = repository().resolve("trees").resolve(COMMIT + ".json");
    Object before = identity(tree);
    cache.rememberListing(listing);
    assertThat(identity(tree)).isEqualTo(before);
  }

  @Test
  void aListingWithoutSizesIsNotWritten() throws IOException {
    cache()
        .rememberListing(
            new Listing(COMMIT, Map.of("config.json", JsonNodeFactory.instance.objectNode())));
    assertThat(repository().resolve("trees")).doesNotExist();
  }

  @Test
  void anAbsentFileIsMarkedOnce() throws IOException {
    RepositoryCache cache = cache();
    cache.rememberAbsence(COMMIT, "a/b.json");
    Path mark = repository().resolve(".no_exist").resolve(COMMIT).resolve("a/b.json");
    assertThat(mark).isEmptyFile();
    Object before = identity(mark);
    cache.rememberAbsence(COMMIT, "a/b.json");
    assertThat(identity(mark)).isEqualTo(before);
  }

  @Test
  void aBlobCountsOnlyInItsSize() throws IOException {
    RepositoryCache cache = cache();
    assertThat(cache.hasBlob("e", 3)).isFalse();
    Path blob = write("blobs/e", "abc");
    assertThat(cache.hasBlob("e", 3)).isTrue();
    assertThat(cache.hasBlob("e", -1)).isTrue();
    assertThat(blob).exists();
    assertThat(cache.hasBlob("e", 4)).isFalse();
    assertThat(blob).doesNotExist();
  }

  @Test
  void anEmptyBlobIsNotTakenForOneOfUnknownSize() throws IOException {
    write("blobs/e", "abc");
    assertThat(cache().hasBlob("e", 0)).isFalse();
  }

  @Test
  void aFinishedPartBecomesTheBlob() throws IOException {
    Path part = write("blobs/e.incomplete", "abc");
    cache().finish("e");
    assertThat(part).doesNotExist();
    assertThat(repository().resolve("blobs/e")).hasContent("abc");
  }

  @Test
  void aFileOfASnapshotIsARelativeLink() throws IOException {
    write("blobs/e", "abc");
    RepositoryCache cache = cache();
    assertThat(cache.hasFile(COMMIT, "a/b.json")).isFalse();
    cache.link(COMMIT, "a/b.json", "e");

    Path link = repository().resolve("snapshots").resolve(COMMIT).resolve("a/b.json");
    assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("../../../blobs/e"));
    assertThat(link).hasContent("abc");
    assertThat(cache.hasFile(COMMIT, "a/b.json")).isTrue();
  }

  @Test
  void aLinkThatLeadsNowhereIsReplaced() throws IOException {
    write("blobs/e", "abc");
    Path snapshot = Files.createDirectories(repository().resolve("snapshots").resolve(COMMIT));
    Path link = snapshot.resolve("f");
    Files.createSymbolicLink(link, Path.of("../../blobs/gone"));
    assertThat(cache().hasFile(COMMIT, "f")).isFalse();

    cache().link(COMMIT, "f", "e");
    assertThat(link).hasContent("abc");
  }

  @Test
  void whatAKilledProcessLeftInASnapshotIsRemovedAfterADay() throws IOException {
    write("blobs/e", "abc");
    String left = "snapshots/" + COMMIT + "/.g.12345678-1234-1234-1234-123456789012.tmp";
    Path fresh = write(left, "half");
    cache().link(COMMIT, "f", "e");
    assertThat(fresh).exists();

    Files.setLastModifiedTime(fresh, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
    cache().link(COMMIT, "g", "e");
    assertThat(fresh).doesNotExist();
  }

  /** Another thread or process puts the file there first. */
  @Test
  void aFileThatIsThereMeanwhileIsTaken() throws IOException {
    write("blobs/e", "abc");
    Storage faster =
        new Storage() {
          @Override
          public void createSymbolicLink(Path link, Path target) throws IOException {
            Files.writeString(link, "abc");
            Files.createSymbolicLink(link, target);
          }
        };
    cache(faster).link(COMMIT, "f", "e");
    assertThat(cache().snapshotFile(COMMIT, "f")).isRegularFile();
  }

  @Test
  void aFolderInThePlaceOfAFileIsAnError() throws IOException {
    write("blobs/e", "abc");
    Storage faster =
        new Storage() {
          @Override
          public void createSymbolicLink(Path link, Path target) throws IOException {
            Files.createDirectory(link);
            Files.createSymbolicLink(link, target);
          }
        };
    refuses(FileAlreadyExistsException.class, () -> cache(faster).link(COMMIT, "f", "e"));
  }

  private static Storage withoutLinks(RuntimeException problem) {
    return new Storage() {
      @Override
      public void createSymbolicLink(Path link, Path target) {
        throw problem;
      }
    };
  }

  @Test
  void withoutSymbolicLinksTheFileIsAHardLink() throws IOException {
    Path blob = write("blobs/e", "abc");
    cache(withoutLinks(new UnsupportedOperationException())).link(COMMIT, "f", "e");
    Path file = cache().snapshotFile(COMMIT, "f");
    assertThat(Files.isSymbolicLink(file)).isFalse();
    assertThat(identity(file)).isEqualTo(identity(blob));
  }

  @Test
  void withoutAnyLinkTheErrorNamesTheFile() {
    // No blob: neither a hard link nor a copy can be made.
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(
            () -> cache(withoutLinks(new UnsupportedOperationException())).link(COMMIT, "f", "e"))
        .withMessageContaining("blobs");
  }

  private Storage free(long bytes) {
    return new Storage() {
      @Override
      public long usableSpace(Path place) throws IOException {
        if (!Files.isDirectory(place)) {
          throw new IOException(place + " is missing");
        }
        return bytes;
      }
    };
  }

  @Test
  void aDownloadMayFillTheDiskButNotMore() throws IOException {
    cache(free(2048)).requireSpace("f", 2048);
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> cache(free(2048)).requireSpace("f", 2049))
        .withMessageContainingAll("acme/tiny: f needs", "has 2.0 kB free", "HF_HUB_CACHE");
  }

  @Test
  void aNameCannotLeaveTheSnapshot() {
    refuses(HubException.class, () -> cache().snapshotFile(COMMIT, "../f"), "nothing is written");
    assertThat(cache().snapshotFile(COMMIT, "a/f"))
        .isEqualTo(repository().resolve("snapshots").resolve(COMMIT).resolve("a/f"));
  }

  @Test
  void aLockHasItsOwnFolder() throws IOException {
    try (CacheLock lock = cache().lock("e")) {
      assertThat(folder.resolve(".locks/models--acme--tiny/e.lock")).isRegularFile();
      assertThatIOException()
          .isThrownBy(
              () -> {
                Path link = folder.resolve(".locks/models--acme--tiny/l.lock");
                Files.createSymbolicLink(link, folder.resolve("elsewhere"));
                cache().lock("l").close();
              })
          .withMessageContaining("symbolic link");
      assertThat(folder.resolve("elsewhere")).doesNotExist();
    }
  }
}
