package io.adapt4j.core.hub;

import static io.adapt4j.core.hub.TestHub.COMMIT;
import static io.adapt4j.core.hub.TestHub.REPOSITORY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubDownloadTest {

  private static final Storage FULL =
      new Storage() {
        @Override
        public long usableSpace(Path folder) {
          return 1000;
        }
      };

  @TempDir Path cache;

  private Path repository() {
    return cache.resolve("models--acme--tiny");
  }

  private static List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void aModelIsLaidOutAsThePythonClientLaysItOut() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY, "main");

      assertThat(snapshot).isEqualTo(repository().resolve("snapshots").resolve(COMMIT));
      assertThat(filesIn(snapshot))
          .containsExactly("README.md", "config.json", "model.safetensors", "tokenizer.json");
      assertThat(repository().resolve("refs/main")).hasContent(COMMIT);
      String weights = TestHub.sha256(server.content("model.safetensors"));
      String config = TestHub.gitHash(server.content("config.json"));
      assertThat(Files.readSymbolicLink(snapshot.resolve("model.safetensors")))
          .isEqualTo(Path.of("../../blobs", weights));
      assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
          .isEqualTo(Path.of("../../blobs", config));
      assertThat(snapshot.resolve("model.safetensors"))
          .hasBinaryContent(server.content("model.safetensors"));
      assertThat(cache.resolve(".locks/models--acme--tiny/" + weights + ".lock")).exists();
      assertThat(filesIn(repository().resolve("blobs")))
          .hasSize(4)
          .noneMatch(name -> name.endsWith(".incomplete"));
    }
  }

  @Test
  void filesInFoldersAreLinkedFromTheirDepth() throws IOException {
    try (TestHub server =
        TestHub.withModel().file("additional_chat_templates/tool use.jinja", "{{ x }}")) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY);

      Path template = snapshot.resolve("additional_chat_templates/tool use.jinja");
      assertThat(template).hasContent("{{ x }}");
      assertThat(Files.readSymbolicLink(template).startsWith(Path.of("../../../blobs"))).isTrue();
    }
  }

  @Test
  void aReferenceIsKeptUnderItsWholeName() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).build().download(REPOSITORY, "refs/pr/1");

      assertThat(repository().resolve("refs/refs/pr/1")).hasContent(COMMIT);
      assertThat(server.requests("GET", "/revision/refs%2Fpr%2F1")).hasSize(1);
    }
  }

  @Test
  void theTokenGoesToTheHubAndToNobodyElse() {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).token("hf_secret").build().download(REPOSITORY);

      assertThat(server.requests())
          .filteredOn(TestHub.Request::toContentServer)
          .isNotEmpty()
          .allSatisfy(request -> assertThat(request.header("Authorization")).isEmpty());
      assertThat(server.requests())
          .filteredOn(request -> !request.toContentServer())
          .allSatisfy(
              request -> assertThat(request.header("Authorization")).hasValue("Bearer hf_secret"));
    }
  }

  @Test
  void aRenamedRepositoryIsFollowedWithTheToken() {
    try (TestHub server = TestHub.withModel()) {
      String renamed = "/acme/renamed/resolve/" + COMMIT + "/config.json";
      server.reply(
          "HEAD",
          "/acme/tiny/resolve/" + COMMIT + "/config.json",
          TestHub.status(307, "Location", renamed));

      server.hub(cache).token("hf_secret").build().download(REPOSITORY);

      assertThat(server.requests("HEAD", renamed))
          .singleElement()
          .satisfies(
              request -> assertThat(request.header("Authorization")).hasValue("Bearer hf_secret"));
    }
  }

  @Test
  void whatIsInTheCacheIsNotDownloadedAgain() {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).build().download(REPOSITORY);
      int before = server.requests().size();

      server.hub(cache).build().download(REPOSITORY);

      assertThat(server.requests()).hasSize(before + 1);
      assertThat(server.requests().get(before).path())
          .startsWith("/api/models/acme/tiny/revision/");
    }
  }

  @Test
  void aCompleteCommitNeedsNoRequest() {
    try (TestHub server = TestHub.withModel()) {
      Path first = server.hub(cache).build().download(REPOSITORY, COMMIT);
      int before = server.requests().size();

      assertThat(server.hub(cache).build().download(REPOSITORY, COMMIT)).isEqualTo(first);
      assertThat(server.requests()).hasSize(before);
    }
  }

  @Test
  void aNewCommitReusesTheBlobsOfTheOldOne() {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).build().download(REPOSITORY);
      String next = "f".repeat(40);
      server.commit(next);
      server.file("config.json", "{\"model_type\":\"mistral\"}");

      Path snapshot = server.hub(cache).build().download(REPOSITORY);

      assertThat(snapshot).endsWith(Path.of(next));
      assertThat(snapshot.resolve("config.json")).hasContent("{\"model_type\":\"mistral\"}");
      assertThat(snapshot.resolve("model.safetensors")).exists();
      assertThat(server.requests("GET", "model.safetensors"))
          .filteredOn(TestHub.Request::toContentServer)
          .hasSize(1);
      assertThat(repository().resolve("refs/main")).hasContent(next);
    }
  }

  @Test
  void shardsComeByTheirIndexAndOtherWeightsStay() throws IOException {
    try (TestHub server =
        TestHub.withModel()
            .file(
                "model.safetensors.index.json",
                "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}")
            .large("model-00001-of-00002.safetensors", TestHub.bytes(1000, 2))
            .large("model-00002-of-00002.safetensors", TestHub.bytes(1000, 3))
            .large("pytorch_model.bin", TestHub.bytes(10, 4))
            .large("consolidated.safetensors", TestHub.bytes(10, 5))) {
      Path single = server.hub(cache).build().download(REPOSITORY);
      assertThat(filesIn(single)).contains("model.safetensors").noneMatch(f -> f.contains("-of-"));

      Path all =
          server
              .hub(cache)
              .build()
              .download(REPOSITORY, "main", name -> name.contains("model-0000"));
      assertThat(filesIn(all)).contains("model-00001-of-00002.safetensors");
    }
  }

  @Test
  void manyFilesComeInParallel() throws IOException {
    try (TestHub server = TestHub.empty()) {
      for (int i = 0; i < 60; i++) {
        server.large("part-" + i + ".jsonl", TestHub.bytes(20_000 + i, i));
      }
      RecordedDownloads events = new RecordedDownloads();

      Path snapshot =
          server
              .hub(cache)
              .parallel(8)
              .listener(events)
              .build()
              .downloadDataset(REPOSITORY, "main", name -> name.endsWith(".jsonl"));

      assertThat(snapshot.getParent().getParent()).isEqualTo(cache.resolve("datasets--acme--tiny"));
      assertThat(filesIn(snapshot)).hasSize(60);
      assertThat(events.finished).hasSize(60);
      assertThat(snapshot.resolve("part-59.jsonl"))
          .hasBinaryContent(server.content("part-59.jsonl"));
      assertThat(server.requests("HEAD", "/datasets/acme/tiny/resolve/")).hasSize(60);
    }
  }

  @Test
  void twoHubsAtTheSameTimeDownloadEachFileOnce() {
    try (TestHub server = TestHub.withModel();
        Threads threads = new Threads(4)) {
      List<CompletableFuture<Path>> running =
          Stream.generate(() -> server.hub(cache).build())
              .limit(4)
              .map(
                  hub ->
                      CompletableFuture.supplyAsync(() -> hub.download(REPOSITORY), threads.pool))
              .toList();

      assertThat(running).extracting(CompletableFuture::join).hasSize(4);
      assertThat(running.get(0).join().resolve("model.safetensors"))
          .hasBinaryContent(server.content("model.safetensors"));
      assertThat(server.requests("GET", "model.safetensors"))
          .filteredOn(TestHub.Request::toContentServer)
          .hasSize(1);
    }
  }

  /** Threads that end with their block; ExecutorService is not closeable on Java 17. */
  private static final class Threads implements AutoCloseable {
    private final ExecutorService pool;

    private Threads(int threads) {
      pool = Executors.newFixedThreadPool(threads);
    }

    @Override
    public void close() {
      pool.shutdownNow();
    }
  }

  @Test
  void whereLinksAreForbiddenFilesAreThereAllTheSame() {
    Storage withoutLinks =
        new Storage() {
          @Override
          public void createSymbolicLink(Path link, Path target) throws IOException {
            throw new FileSystemException(link.toString(), null, "a privilege is missing");
          }
        };
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = server.hub(cache).storage(withoutLinks).build().download(REPOSITORY);

      assertThat(snapshot.resolve("model.safetensors"))
          .isRegularFile()
          .hasBinaryContent(server.content("model.safetensors"));
      assertThat(Files.isSymbolicLink(snapshot.resolve("model.safetensors"))).isFalse();
    }
  }

  @Test
  void aDiskThatIsTooSmallIsNamedBeforeTheDownload() {
    try (TestHub server = TestHub.withModel()) {
      assertThatExceptionOfType(HubException.class)
          .isThrownBy(() -> server.hub(cache).storage(FULL).build().download(REPOSITORY))
          .withMessageContainingAll(
              "model.safetensors needs 300.0 kB", "1.0 kB free", "HF_HUB_CACHE");
      assertThat(server.requests("GET", "model.safetensors")).isEmpty();
    }
  }

  @Test
  void whatHasArrivedNeedsNoMoreSpace() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      byte[] weights = server.content("model.safetensors");
      Path blobs = Files.createDirectories(cache.resolve("models--acme--tiny").resolve("blobs"));
      Files.write(
          blobs.resolve(TestHub.sha256(weights) + ".incomplete"), Arrays.copyOf(weights, 299_000));
      assertThat(server.hub(cache).storage(FULL).build().download(REPOSITORY))
          .extracting(snapshot -> snapshot.resolve("model.safetensors"))
          .asInstanceOf(InstanceOfAssertFactories.PATH)
          .hasBinaryContent(weights);
    }
  }

  @Test
  void aFileThatTheRepositoryLacksIsNotedAsAbsent() {
    try (TestHub server = TestHub.withModel()) {
      assertThatExceptionOfType(HubException.class)
          .isThrownBy(
              () ->
                  server
                      .hub(cache)
                      .build()
                      .download(REPOSITORY, "main", List.of("config.json", "absent/file.json")))
          .withMessageContainingAll("acme/tiny@main", "absent/file.json");
      assertThat(repository().resolve(".no_exist").resolve(COMMIT).resolve("absent/file.json"))
          .isEmptyFile();
    }
  }

  @Test
  void namedFilesAreDownloadedAlone() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot =
          server.hub(cache).build().download(REPOSITORY, "main", List.of(".gitattributes"));

      assertThat(filesIn(snapshot)).containsExactly(".gitattributes");
    }
  }

  @Test
  void aDamagedBlobIsReplaced() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY);
      Path link = snapshot.resolve("model.safetensors");
      Files.write(link.toRealPath(), new byte[10]);
      Files.delete(link);

      server.hub(cache).build().download(REPOSITORY);

      assertThat(link).hasBinaryContent(server.content("model.safetensors"));
    }
  }

  @Test
  void anEmptyFileIsDownloaded() {
    try (TestHub server = TestHub.withModel().file("LICENSE", "")) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY);

      assertThat(snapshot.resolve("LICENSE")).isEmptyFile();
    }
  }

  @Test
  void theConsoleSaysWhatIsDownloaded() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TestHub server =
        TestHub.withModel().large("model.safetensors", TestHub.bytes(25_000_000, 9))) {
      server
          .hub(cache)
          .listener(DownloadListener.console(new PrintStream(bytes, true, StandardCharsets.UTF_8)))
          .build()
          .download(REPOSITORY);
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("Downloading model.safetensors (25.0 MB)")
        .contains("model.safetensors: 50 % of 25.0 MB")
        .contains("Downloaded config.json");
  }
}
