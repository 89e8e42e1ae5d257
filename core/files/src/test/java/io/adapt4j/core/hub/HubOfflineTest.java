package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.hub.TestHub.COMMIT;
import static io.adapt4j.core.hub.TestHub.REPOSITORY;
import static io.adapt4j.core.hub.TestHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the cache alone can do, also one that the Python client left. */
class HubOfflineTest {

  @TempDir Path cache;

  private Path repository() {
    return cache.resolve("models--acme--tiny");
  }

  /** A snapshot as the Python client leaves it: no list of the commit's files. */
  private Path pythonSnapshot(Map<String, String> files) throws IOException {
    Files.createDirectories(repository().resolve("blobs"));
    Files.createDirectories(repository().resolve("refs"));
    Files.writeString(repository().resolve("refs/main"), COMMIT);
    Path snapshot = Files.createDirectories(repository().resolve("snapshots").resolve(COMMIT));
    for (Map.Entry<String, String> file : files.entrySet()) {
      byte[] content = file.getValue().getBytes(StandardCharsets.UTF_8);
      Path blob = repository().resolve("blobs").resolve(TestHub.gitHash(content));
      Files.write(blob, content);
      Path link = snapshot.resolve(file.getKey());
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, link.getParent().relativize(blob));
    }
    return snapshot;
  }

  private Hub offline() {
    // Nothing listens there: a request would fail.
    return Hub.builder(Map.of("HF_HUB_OFFLINE", "1", "HF_ENDPOINT", "http://127.0.0.1:1"))
        .cache(cache)
        .build();
  }

  @Test
  void aCacheOfThePythonClientServesWithoutARequest() throws IOException {
    Path snapshot =
        pythonSnapshot(
            Map.of("config.json", "{}", "model.safetensors", "w", "tokenizer.json", "{}"));

    assertThat(offline().isOffline()).isTrue();
    assertThat(Hub.builder(Map.of()).cache(cache).build().isOffline()).isFalse();
    assertThat(offline().download(REPOSITORY, "main")).isEqualTo(snapshot);
    assertThat(offline().download(REPOSITORY, COMMIT)).isEqualTo(snapshot);
    assertThat(offline().download(REPOSITORY, "main", List.of("config.json"))).isEqualTo(snapshot);
    assertThat(offline().download(REPOSITORY, "main", name -> true)).isEqualTo(snapshot);
  }

  @Test
  void shardsOfAnIndexMustAllBeThere() throws IOException {
    pythonSnapshot(
        Map.of(
            "config.json",
            "{}",
            "model-1.safetensors",
            "w",
            "model.safetensors.index.json",
            "{\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"}}"));

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> offline().download(REPOSITORY))
        .withMessageContainingAll("acme/tiny@main", "offline", "model-2.safetensors")
        .withMessageNotContaining("model-1");
  }

  @Test
  void modulesOfSentenceTransformersMustAllBeThere() throws IOException {
    String modules =
        "[{\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"},"
            + "{\"path\":\"1_Pooling\",\"type\":\"sentence_transformers.models.Pooling\"},"
            + "{\"path\":\"2_Normalize\",\"type\":\"sentence_transformers.models.Normalize\"}]";
    Map<String, String> files =
        Map.of("config.json", "{}", "model.safetensors", "w", "modules.json", modules);
    pythonSnapshot(files);

    refuses(HubException.class, () -> offline().download(REPOSITORY), "1_Pooling/config.json");
  }

  @Test
  void aLinkToABlobThatIsGoneCountsAsMissing() throws IOException {
    Path snapshot = pythonSnapshot(Map.of("config.json", "{}", "model.safetensors", "w"));
    Files.delete(snapshot.resolve("model.safetensors").toRealPath());

    refuses(HubException.class, () -> offline().download(REPOSITORY), "lacks", "model.safetensors");
  }

  @Test
  void whatWasNeverDownloadedIsNamedWithTheCache() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> offline().download(REPOSITORY, "v2"))
        .withMessageContainingAll(
            "acme/tiny@v2", cache.toString(), "HF_HUB_OFFLINE", "no snapshot of this revision");
  }

  @Test
  void aDownloadOfThisLibraryIsCompleteByItsListOfFiles() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY);
      assertThat(offline().download(REPOSITORY)).isEqualTo(snapshot);

      Files.delete(snapshot.resolve("tokenizer.json"));

      refuses(HubException.class, () -> offline().download(REPOSITORY), "tokenizer.json");
    }
  }

  @Test
  void theListOfFilesIsThePythonClients() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).build().download(REPOSITORY);

      String sha256 = TestHub.sha256(server.content("model.safetensors"));
      assertThat(repository().resolve("trees").resolve(COMMIT + ".json"))
          .content()
          .contains("\"format_version\": 1", "\"size\": 300000", "\"lfs_sha256\": \"" + sha256);
    }
  }

  @Test
  void withoutANetworkTheLastSnapshotServesAndTheListenerIsTold() {
    RecordedDownloads events = new RecordedDownloads();
    Path snapshot;
    TestHub gone = TestHub.withModel();
    try (gone) {
      snapshot = gone.hub(cache).build().download(REPOSITORY);
    }

    assertThat(gone.hub(cache).listener(events).build().download(REPOSITORY)).isEqualTo(snapshot);
    assertThat(events.notices)
        .singleElement()
        .asString()
        .contains("cannot ask " + gone.address(), "using the cached snapshot " + COMMIT);
    assertThat(gone.waits).isEmpty();
  }

  @Test
  void aBrokenServerIsAsGoodAsNone() {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = server.hub(cache).build().download(REPOSITORY);
      server.reply("GET", "/api/", status(503), status(503));

      assertThat(server.hub(cache).retries(1).build().download(REPOSITORY)).isEqualTo(snapshot);
    }
  }

  @Test
  void aRefusalIsNotHiddenByTheCache() {
    try (TestHub server = TestHub.withModel()) {
      server.hub(cache).build().download(REPOSITORY);
      server.reply("GET", "/api/", status(401));

      refuses(HubException.class, () -> server.hub(cache).build().download(REPOSITORY));
    }
  }

  @Test
  void withoutANetworkAndACacheTheErrorSaysBoth() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(
            () ->
                Hub.builder(Map.of("HF_ENDPOINT", "http://127.0.0.1:1"))
                    .cache(cache)
                    .build()
                    .download(REPOSITORY))
        .withMessageContainingAll(
            "acme/tiny@main", "http://127.0.0.1:1", "no snapshot", "HF_ENDPOINT", "proxy");
  }

  @Test
  void aSnapshotThatPythonLeftIncompleteIsCompleted() throws IOException {
    try (TestHub server = TestHub.withModel()) {
      Path snapshot = pythonSnapshot(Map.of("config.json", "{\"model_type\":\"llama\"}"));

      assertThat(server.hub(cache).build().download(REPOSITORY)).isEqualTo(snapshot);

      assertThat(snapshot.resolve("model.safetensors")).exists();
      assertThat(server.requests("HEAD", "/config.json")).isEmpty();
    }
  }
}
