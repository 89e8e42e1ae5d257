package io.adapt4j.serve.internal.http;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.serve.FakeExchange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of requests, without a connection. */
class BodyTest {

  private static final Limits DEFAULTS = limits(4 << 20, Duration.ofMinutes(10));
  private static final Limits SMALL = limits(20, DEFAULTS.requestTime());

  private static Limits limits(int bodyBytes, Duration requestTime) {
    return new Limits(bodyBytes, 1, 1, requestTime);
  }

  private static String read(FakeExchange exchange, Limits limits) throws IOException {
    Call call = new Call(exchange, true);
    try {
      return Body.read(call, limits).toString();
    } finally {
      call.endTurn();
    }
  }

  private static Fault refused(FakeExchange exchange, Limits limits) {
    Fault[] found = new Fault[1];
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(() -> read(exchange, limits))
        .satisfies(fault -> found[0] = fault);
    return found[0];
  }

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** A stream that fails at its end as the JDK's does. */
  private static InputStream failing(String text, String message) {
    return new SequenceInputStream(
        bytes(text),
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException(message);
          }

          @Override
          public int read(byte[] buffer, int from, int length) throws IOException {
            throw new IOException(message);
          }
        });
  }

  private static FakeExchange json(InputStream body) {
    return FakeExchange.post("/", body).with("Content-Type", "application/json");
  }

  @Test
  void aBodyIsReadUpToTheLimit() throws IOException {
    String most = "{\"a\":1}" + " ".repeat(13);
    assertThat(read(FakeExchange.post("/", most), SMALL)).isEqualTo("{\"a\":1}");
    assertThat(read(FakeExchange.post("/", most).with("Content-Length", "20"), SMALL))
        .isEqualTo("{\"a\":1}");
    Fault fault = refused(FakeExchange.post("/", most + " "), SMALL);
    assertThat(fault.status()).isEqualTo(413);
    assertThat(fault).hasMessageContaining("longer than 20 bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {8_190, 8_191, 8_192, 8_193, 16_384, 100_000})
  void aBodyOfAnyLengthIsReadWholeWhetherItsLengthIsSaidOrNot(int length) throws IOException {
    String text = "\"" + "\u00e9".repeat(length) + "\"";
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    assertThat(read(FakeExchange.post("/", text), DEFAULTS)).isEqualTo(text);
    assertThat(
            read(
                FakeExchange.post("/", text).with("Content-Length", String.valueOf(bytes)),
                DEFAULTS))
        .isEqualTo(text);
  }

  @Test
  void theLargestLimitIsOne() throws IOException {
    Limits limits = limits(Integer.MAX_VALUE, DEFAULTS.requestTime());
    assertThat(read(FakeExchange.post("/", "1"), limits)).isEqualTo("1");
  }

  @Test
  void theRestOfABodyThatIsTooLongIsReadSoThatTheAnswerIs() {
    InputStream body = bytes(" ".repeat(300_000));
    refused(json(body), SMALL);
    assertThat(body).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, '', 200",
    "Application/JSON; charset=utf-8, identity, 200",
    "text/plain, '', 415",
    "'', '', 415",
    "application/json, gzip, 415"
  })
  void onlyPlainJsonIsRead(String type, String encoding, int status) throws IOException {
    FakeExchange exchange = FakeExchange.post("/", bytes("1"));
    if (!type.isEmpty()) {
      exchange.with("Content-Type", type);
    }
    if (!encoding.isEmpty()) {
      exchange.with("Content-Encoding", encoding);
    }
    if (status == 200) {
      assertThat(read(exchange, SMALL)).isEqualTo("1");
    } else {
      assertThat(refused(exchange, SMALL).status()).isEqualTo(status);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00ff", "\"\u00c3\"", "\"\u00ed\u00a0\u0080\"", "\u00c3"})
  void bytesThatAreNoUtf8AreRefused(String body) {
    Fault fault = refused(json(bytes(body)), SMALL);
    assertThat(fault.status()).isEqualTo(400);
    assertThat(fault).hasMessage("The body is not valid UTF-8.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{} {}", "{\"a\":1,\"a\":2}", "nul"})
  void whatIsNoJsonIsRefused(String body) {
    Fault fault = refused(json(bytes(body)), SMALL);
    assertThat(fault.status()).isEqualTo(400);
    assertThat(fault.json().toString()).contains("invalid_json");
  }

  @Test
  void aTrailerEndsTheBodyAndTheConnection() throws IOException {
    FakeExchange exchange = json(failing("[1]", "invalid chunk end"));
    assertThat(read(exchange, SMALL)).isEqualTo("[1]");
    assertThat(exchange.getResponseHeaders().getFirst("Connection")).isEqualTo("close");
    FakeExchange usual = json(bytes("[1]"));
    read(usual, SMALL);
    assertThat(usual.getResponseHeaders().getFirst("Connection")).isNull();
  }

  @Test
  void aBodyThatBreaksOffIsNone() {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> read(json(failing("[1]", "Connection reset")), SMALL))
        .withMessage("Connection reset");
    refuses(IOException.class, () -> read(json(failing("", "invalid chunk end")), SMALL));
  }

  @Test
  void aLargeBodyTakesATurnAndASmallOneNone() throws IOException {
    for (int length : new int[] {1, (1 << 16) - 2, (1 << 16) - 1}) {
      Call call = new Call(FakeExchange.post("/", "\"" + "a".repeat(length) + "\""), false);
      Body.read(call, DEFAULTS);
      assertThat(call.hasTurn()).as("%d", length).isEqualTo(length + 2 > 1 << 16);
      call.endTurn();
      assertThat(call.hasTurn()).isFalse();
    }
  }

  @Test
  void aLargeBodyThatGetsNoTurnInTimeIsRefused() {
    Limits hurried = limits(DEFAULTS.bodyBytes(), Duration.ofNanos(1));
    Fault fault = refused(FakeExchange.post("/", " ".repeat(100_000)), hurried);
    assertThat(fault.status()).isEqualTo(503);
  }

  @Test
  void theLogHasWhatWasRead() throws IOException {
    Call call = new Call(FakeExchange.post("/", "[1]"), true);
    Body.read(call, SMALL);
    assertThat(call.body()).hasValue("[1]");
  }
}
