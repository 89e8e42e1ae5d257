package io.adapt4j.serve.internal.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.serve.FakeExchange;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask. */
class GuardTest {

  private static final String KEY = "secret";

  private static Guard guard(boolean local, String... keys) {
    return new Guard(new ApiKeys(List.of(keys)), new Origins(Set.of()), local);
  }

  private static Call from(String host) {
    return new Call(FakeExchange.get("/v1/models").with("Host", host), false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]:8080"})
  void aLocalServerWithoutKeysAnswersToItsOwnNames(String host) {
    assertThatCode(() -> guard(true).requireLocalName(from(host))).doesNotThrowAnyException();
  }

  @Test
  void aClientOfHttp10NeedsNoName() {
    Call call = new Call(FakeExchange.get("/v1/models"), false);
    assertThatCode(() -> guard(true).requireLocalName(call)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"example.org", "localhost.example.org", "127.0.0.1.example.org:80", ""})
  void aLocalServerWithoutKeysAnswersToNoOtherName(String host) {
    assertThatExceptionOfType(Fault.class)
        .isThrownBy(() -> guard(true).requireLocalName(from(host)))
        .satisfies(e -> assertThat(e.status()).isEqualTo(403));
  }

  @Test
  void aKeyMakesNamesNeedless() {
    assertThatCode(() -> guard(true, KEY).requireLocalName(from("example.org")))
        .doesNotThrowAnyException();
  }

  @Test
  void aServerForOtherMachinesHasNamesThatItDoesNotKnow() {
    assertThatCode(() -> guard(false).requireLocalName(from("example.org")))
        .doesNotThrowAnyException();
  }

  @Test
  void whereThereAreKeysOneOfThemIsNeeded() {
    Guard guard = guard(false, "other", KEY);
    FakeExchange known = FakeExchange.get("/").with("Authorization", "Bearer " + KEY);
    assertThatCode(() -> guard.requireKey(new Call(known, false))).doesNotThrowAnyException();
    FakeExchange unknown = FakeExchange.get("/").with("Authorization", "Bearer wrong");
    for (FakeExchange exchange : List.of(unknown, FakeExchange.get("/"))) {
      assertThatExceptionOfType(Fault.class)
          .isThrownBy(() -> guard.requireKey(new Call(exchange, false)))
          .satisfies(e -> assertThat(e.status()).isEqualTo(401));
      assertThat(exchange.getResponseHeaders().getFirst("WWW-Authenticate")).isEqualTo("Bearer");
    }
  }

  @Test
  void withoutKeysNoneIsNeeded() {
    assertThatCode(() -> guard(false).requireKey(new Call(FakeExchange.get("/"), false)))
        .doesNotThrowAnyException();
  }
}
