package io.adapt4j.core.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.text.OpenAiCompatible;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpClientsTest {

  private static final Duration TIMEOUT = Duration.ofMillis(12_345);

  @TempDir Path cache;

  @Test
  void equalSettingsShareAClient() {
    HttpClient client = HttpClients.of(TIMEOUT);
    assertThat(HttpClients.of(TIMEOUT)).isSameAs(client);
    assertThat(HttpClients.of(TIMEOUT.plusMillis(1)))
        .isNotSameAs(client)
        .returns(HttpClient.Redirect.NEVER, HttpClient::followRedirects);
  }

  /** Over HTTP/2 the requests beyond a server's limit of streams would fail. */
  @Test
  void eachRequestInFlightHasAConnection() {
    assertThat(HttpClients.of(TIMEOUT).version()).isEqualTo(HttpClient.Version.HTTP_1_1);
  }

  @Test
  void proxiesThatAreSetLaterAreUsed() {
    HttpClient client = HttpClients.of(TIMEOUT);
    ProxySelector before = ProxySelector.getDefault();
    ProxySelector.setDefault(
        ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));
    try {
      assertThat(HttpClients.of(TIMEOUT)).isNotSameAs(client);
    } finally {
      ProxySelector.setDefault(before);
    }
    assertThat(HttpClients.of(TIMEOUT)).isSameAs(client);
  }

  /** Each client has a thread until it is garbage, which may be much later. */
  @Test
  void hubsAndGeneratorsThatAreMadeAgainAndAgainHaveNoThreadsOfTheirOwn() {
    make();
    Set<Thread> before = selectors();
    for (int i = 0; i < 50; i++) {
      make();
    }
    Set<Thread> more = new HashSet<>(selectors());
    more.removeAll(before);
    assertThat(more).isEmpty();
  }

  private void make() {
    Hub unused = Hub.builder().endpoint("http://127.0.0.1:1").cache(cache).build();
    OpenAiCompatible unusedToo =
        OpenAiCompatible.at(URI.create("http://127.0.0.1:1/v1")).model("m").build();
  }

  private static Set<Thread> selectors() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("SelectorManager"))
        .collect(Collectors.toSet());
  }
}
