package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.hub.TestHub.REPOSITORY;
import static io.adapt4j.core.hub.TestHub.cutAfter;
import static io.adapt4j.core.hub.TestHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Downloads over bad connections and from servers in trouble. */
class HubResumeTest {

  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path cache;

  @AutoClose private final TestHub server = TestHub.withModel();
  private final RecordedDownloads events = new RecordedDownloads();

  private Path download() {
    return server.hub(cache).listener(events).build().download(REPOSITORY);
  }

  private Path partial() throws IOException {
    Path blobs = Files.createDirectories(cache.resolve("models--acme--tiny/blobs"));
    return blobs.resolve(server.etag(WEIGHTS) + ".incomplete");
  }

  /** Where a request went on; a cut connection may lose bytes the server had already sent. */
  private int firstByteAskedFor(int request) {
    return Integer.parseInt(rangesAskedFor().get(request).replaceAll("\\D", ""));
  }

  private List<String> rangesAskedFor() {
    return server.requests("GET", WEIGHTS).stream()
        .filter(TestHub.Request::toContentServer)
        .map(request -> request.header("Range").orElse("all"))
        .toList();
  }

  private void assertDownloaded(Path snapshot) {
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(server.content(WEIGHTS));
  }

  @Test
  void cutConnectionsAreResumedAndProgressIsCountedOnce() {
    serveWeights(cutAfter(100_000), cutAfter(50_000));

    assertDownloaded(download());

    assertThat(rangesAskedFor()).hasSize(3).first().isEqualTo("all");
    assertThat(firstByteAskedFor(1)).isBetween(1, 100_000);
    assertThat(firstByteAskedFor(2)).isBetween(firstByteAskedFor(1) + 1, 150_000);
    assertThat(events.received.get(WEIGHTS)).isSorted().endsWith(300_000L);
    assertThat(server.waits).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(1));
  }

  /** Answers of the content server. */
  private void serveWeights(TestHub.Reply... replies) {
    server.replyFromContentServer(WEIGHTS, replies);
  }

  @Test
  void aDownloadThatGivesUpKeepsWhatHasArrivedForTheNext() {
    serveWeights(cutAfter(100_000));

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> server.hub(cache).retries(0).build().download(REPOSITORY))
        .withMessageContaining("what has arrived is kept");
    assertDownloaded(download());

    assertThat(rangesAskedFor()).hasSize(2).first().isEqualTo("all");
    assertThat(firstByteAskedFor(1)).isBetween(1, 100_000);
  }

  @Test
  void aServerThatIgnoresRangesAndCutsEachTimeIsGivenUp() {
    TestHub.Reply[] replies = new TestHub.Reply[20];
    for (int i = 0; i < replies.length; i++) {
      replies[i] = TestHub.wholeCutAfter(i % 2 == 0 ? 100_000 : 50_000);
    }
    serveWeights(replies);

    assertThatExceptionOfType(HubException.class).isThrownBy(this::download);
    assertThat(rangesAskedFor()).hasSizeLessThan(10);
  }

  @Test
  void aStalledConnectionIsCutAndResumed() {
    serveWeights(TestHub.stallAfter(1000));

    Hub hub = server.hub(cache).listener(events).readTimeout(Duration.ofMillis(300)).build();
    assertDownloaded(hub.download(REPOSITORY));

    assertThat(rangesAskedFor()).containsExactly("all", "bytes=1000-");
    assertThat(events.notices).anyMatch(text -> text.contains("nothing arrived for 0.3 s"));
  }

  @Test
  void whatAKilledProcessLeftIsKept() throws IOException {
    Files.write(partial(), Arrays.copyOf(server.content(WEIGHTS), 120_000));

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("bytes=120000-");
    assertThat(events.started).contains(WEIGHTS + " 120000/300000");
    assertThat(partial()).doesNotExist();
  }

  @Test
  void aPartialFileThatIsALinkIsNotWrittenThrough() throws IOException {
    Path other = Files.writeString(cache.resolveSibling(cache.getFileName() + "-other"), "kept");
    Files.createSymbolicLink(partial(), other);
    try {
      assertThatExceptionOfType(HubException.class)
          .isThrownBy(this::download)
          .withStackTraceContaining("is a symbolic link, and nothing is written through it");
      assertThat(other).hasContent("kept");
    } finally {
      Files.delete(other);
    }
  }

  @Test
  void aPartialFileThatIsCompleteIsOnlyChecked() throws IOException {
    Files.write(partial(), server.content(WEIGHTS));

    assertDownloaded(download());

    assertThat(rangesAskedFor()).isEmpty();
  }

  @Test
  void aPartialFileOfOtherContentIsThrownAway() throws IOException {
    Files.write(partial(), new byte[120_000]);

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("bytes=120000-", "all");
    assertThat(events.notices).anyMatch(text -> text.contains("expected hash"));
  }

  @Test
  void aPartialFileLongerThanTheFileIsThrownAway() throws IOException {
    Files.write(partial(), new byte[400_000]);

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("all");
    assertThat(events.notices).isEmpty();
  }

  @Test
  void aServerThatHasNothingBeyondThePartialFileSendsAllOfIt() throws IOException {
    Files.write(partial(), Arrays.copyOf(server.content(WEIGHTS), 120_000));
    serveWeights(status(416));

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("bytes=120000-", "all");
  }

  @ParameterizedTest
  @CsvSource({"206, bytes 0-299999/300000", "206, nonsense", "200, bytes 120000-299999/300000"})
  void whatIsNotThePartAskedForIsTheWholeFile(int status, String range) throws IOException {
    Files.write(partial(), Arrays.copyOf(server.content(WEIGHTS), 120_000));
    serveWeights(
        (exchange, content) -> {
          exchange.getResponseHeaders().set("Content-Range", range);
          exchange.sendResponseHeaders(status, content.length);
          exchange.getResponseBody().write(content);
        });

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("bytes=120000-");
    assertThat(events.notices).isEmpty();
  }

  @Test
  void aFileLongerThanAnnouncedIsRefused() throws IOException {
    TestHub.Reply tooMuch =
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(content);
          exchange.getResponseBody().write(new byte[100]);
        };
    serveWeights(tooMuch, tooMuch);

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(this::download)
        .withMessageContainingAll(WEIGHTS, "expected 300000 bytes, found 300100", "twice");
    assertThat(partial()).doesNotExist();
  }

  @Test
  void aFileWhoseSizeIsNotToldEndsWithTheAnswer() throws IOException {
    server.reply(
        "HEAD",
        WEIGHTS,
        status(
            302,
            "X-Repo-Commit",
            TestHub.COMMIT,
            "X-Linked-Etag",
            '"' + server.etag(WEIGHTS) + '"',
            "Location",
            server.contentAddress() + "/elsewhere"));
    Files.write(partial(), Arrays.copyOf(server.content(WEIGHTS), 120_000));

    assertDownloaded(download());

    assertThat(events.started).contains(WEIGHTS + " 120000/-1");
    assertThat(rangesAskedFor()).containsExactly("bytes=120000-");
  }

  @Test
  void aContentServerThatRefusesIsNamedWithTheFile() {
    serveWeights(status(403));

    refuses(HubException.class, this::download, REPOSITORY, WEIGHTS);
    assertThat(rangesAskedFor()).hasSize(1);
  }

  @Test
  void aServerThatIgnoresRangesStartsTheFileAgain() throws IOException {
    Files.write(partial(), Arrays.copyOf(server.content(WEIGHTS), 120_000));
    serveWeights(TestHub.whole());

    assertDownloaded(download());

    assertThat(rangesAskedFor()).containsExactly("bytes=120000-");
    assertThat(events.received.get(WEIGHTS)).endsWith(300_000L);
  }

  @Test
  void aWrongHashIsTriedOnceMoreAndThenRefused() throws IOException {
    byte[] other = TestHub.bytes(300_000, 77);
    server.corrupt(WEIGHTS, other);

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(this::download)
        .withMessageContainingAll(
            REPOSITORY,
            WEIGHTS,
            "expected hash " + server.etag(WEIGHTS),
            "found " + TestHub.sha256(other));
    assertThat(rangesAskedFor()).containsExactly("all", "all");
    assertThat(partial()).doesNotExist();
    assertThat(partial().resolveSibling(server.etag(WEIGHTS))).doesNotExist();
    assertThat(cache.resolve("models--acme--tiny/refs/main")).doesNotExist();
  }

  @Test
  void aWrongHashThatDoesNotComeAgainIsForgotten() {
    serveWeights(
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(new byte[content.length]);
        });

    assertDownloaded(download());
  }

  @Test
  void aWrongHashOfASmallFileIsRefusedToo() {
    byte[] other = server.content("config.json").clone();
    other[2] = '?';
    server.corrupt("config.json", other);

    refuses(
        HubException.class, this::download, "config.json", "expected hash", TestHub.gitHash(other));
  }

  @Test
  void aServerErrorIsTriedAgainWithGrowingWaits() {
    server.reply("GET", "/api/", status(500), status(503), status(502));

    assertDownloaded(download());

    assertThat(server.waits)
        .containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
    assertThat(events.notices).first().asString().contains("500", "trying again in 1.0 s (1 of 5)");
  }

  @Test
  void aBusyServerIsGivenTheTimeItAsksFor() {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(60));
    server.reply(
        "HEAD", "config.json", status(429, "Retry-After", "7"), status(429, "Retry-After", date));

    assertDownloaded(download());

    assertThat(server.waits).hasSize(2).contains(Duration.ofSeconds(7));
    assertThat(server.waits.get(1)).isBetween(Duration.ofSeconds(55), Duration.ofSeconds(60));
  }

  @Test
  void aWaitOfAnHourIsLeftToTheUser() {
    server.reply("GET", "/api/", status(429, "Retry-After", "3600"));

    refuses(HubException.class, this::download, "429", REPOSITORY);
    assertThat(server.waits).isEmpty();
  }

  @Test
  void withoutProgressTheRetriesEnd() {
    server.reply(
        "HEAD", "config.json", status(500), status(500), status(500), status(500), status(500));

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> server.hub(cache).retries(2).build().download(REPOSITORY))
        .withMessageContainingAll(REPOSITORY, "500", "what has arrived is kept");
    assertThat(server.waits).hasSize(2);
  }

  @Test
  void anInterruptedDownloadEndsAndKeepsTheFlag() throws InterruptedException {
    serveWeights(TestHub.stallAfter(1000));
    Throwable[] thrown = new Throwable[1];
    boolean[] flag = new boolean[1];
    Thread caller =
        new Thread(
            () -> {
              try {
                download();
              } catch (HubException e) {
                thrown[0] = e;
                flag[0] = Thread.currentThread().isInterrupted();
              }
            });
    caller.start();
    while (rangesAskedFor().isEmpty()) {
      Thread.sleep(10);
    }
    Thread.sleep(100);
    caller.interrupt();
    caller.join(5_000);

    assertThat(thrown[0]).isInstanceOf(HubException.class).hasMessageContaining("interrupted");
    assertThat(flag[0]).isTrue();
  }

  /** A byte now and then, for ever. */
  private static TestHub.Reply trickle() {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      for (byte value : content) {
        exchange.getResponseBody().write(value);
        exchange.getResponseBody().flush();
        pause(20);
      }
    };
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", e);
    }
  }

  private Hub slow(int retries) {
    return server
        .hub(cache)
        .listener(events)
        .readTimeout(Duration.ofMillis(300))
        .retries(retries)
        .build();
  }

  @Test
  @Timeout(60)
  void aConnectionOnWhichHardlyAnythingArrivesCountsAsCutAndIsResumed() {
    serveWeights(trickle());
    assertDownloaded(slow(2).download(REPOSITORY));
    assertThat(rangesAskedFor()).hasSize(2);
    assertThat(firstByteAskedFor(1)).isBetween(1, 100);
    assertThat(events.notices).anyMatch(notice -> notice.contains("1,024 a second are expected"));
  }

  @Test
  @Timeout(60)
  void aServerThatOnlyEverTricklesEndsTheDownloadAndWhatHasArrivedIsKept() throws IOException {
    TestHub.Reply part =
        (exchange, content) -> {
          int from =
              Integer.parseInt(
                  exchange.getRequestHeaders().getFirst("Range").replaceAll("\\D", ""));
          exchange
              .getResponseHeaders()
              .set(
                  "Content-Range",
                  "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
          exchange.sendResponseHeaders(206, content.length - from);
          for (int i = from; i < content.length; i++) {
            exchange.getResponseBody().write(content[i]);
            exchange.getResponseBody().flush();
            pause(20);
          }
        };
    serveWeights(trickle(), part, part, part, part);
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> slow(2).download(REPOSITORY))
        .withMessageContaining("bytes arrived in")
        .withMessageContaining("what has arrived is kept");
    assertThat(rangesAskedFor()).hasSize(3);
    assertThat(Files.size(partial())).isPositive();
  }

  @Test
  @Timeout(60)
  void anyRateIsAcceptedWhereTheUserSaysSo() {
    byte[] small = TestHub.bytes(150, 3);
    server.large(WEIGHTS, small);
    serveWeights(trickle());
    Hub hub =
        server
            .hub(cache)
            .readTimeout(Duration.ofSeconds(2))
            .minBytesPerSecond(0)
            .retries(0)
            .build();
    assertThat(hub.download(REPOSITORY).resolve(WEIGHTS)).hasBinaryContent(small);
  }

  @Test
  @Timeout(60)
  void aListingWithoutAnEndIsRefused() {
    server.reply(
        "GET",
        "/api/",
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("{\"siblings\": [".getBytes(StandardCharsets.US_ASCII));
          byte[] many =
              "{\"rfilename\": \"a\"}, ".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
          while (true) {
            exchange.getResponseBody().write(many);
          }
        });
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(this::download)
        .withMessageContaining("longer than 33,554,432 bytes")
        .withMessageContaining("/api/models/acme/tiny/revision/main");
    assertThat(server.requests("GET", "/api/")).hasSize(1);
  }

  @Test
  @Timeout(60)
  void aListingThatTricklesEndsToo() {
    TestHub.Reply trickle =
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(' ');
            exchange.getResponseBody().flush();
            pause(20);
          }
        };
    server.reply("GET", "/api/", trickle, trickle);
    refuses(HubException.class, () -> slow(1).download(REPOSITORY), "bytes arrived in");
  }
}
