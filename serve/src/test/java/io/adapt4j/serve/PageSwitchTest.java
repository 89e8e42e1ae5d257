package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where there is a page to try models with. */
@Timeout(60)
class PageSwitchTest {

  private static HttpResponse<String> page(UnaryOperator<ModelServer.Builder> settings)
      throws Exception {
    ModelServer.Builder builder =
        ModelServer.builder().reranker("r", (query, documents) -> new double[documents.size()]);
    try (ModelServer server = settings.apply(builder).start()) {
      HttpRequest request =
          HttpRequest.newBuilder(
                  server.address().resolve("http://127.0.0.1:" + server.port() + "/"))
              .build();
      return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void programsOfThisMachineGetItWithoutAKey() throws Exception {
    HttpResponse<String> page = page(settings -> settings.apiKey("a-key"));
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'")
        .contains("script-src 'sha256-", "style-src 'sha256-")
        .doesNotContain("unsafe");
    assertThat(page.body()).startsWith("<!doctype html>").doesNotContain("http:", "https:");
  }

  @Test
  void itCanBeTurnedOff() throws Exception {
    assertThat(page(settings -> settings.page(false)).statusCode()).isEqualTo(404);
  }

  @Test
  void whereOtherMachinesReachTheServerItMustBeAskedFor() throws Exception {
    InetAddress all = InetAddress.getByName("0.0.0.0");
    assertThat(page(s -> s.address(all).allowAnyone()).statusCode()).isEqualTo(404);
    assertThat(page(s -> s.address(all).allowAnyone().page(true)).statusCode()).isEqualTo(200);
  }
}
