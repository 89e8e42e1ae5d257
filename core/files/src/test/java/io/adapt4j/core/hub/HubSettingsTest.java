package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {

  @TempDir Path cache;

  private Hub.Builder builder() {
    return Hub.builder(Map.of("HOME", cache.toString()));
  }

  private HubSettings settings(Duration readTimeout, long rate) {
    return TestSettings.of(cache)
        .token(Optional.of(new Token("hf_secret")))
        .least(readTimeout, rate)
        .build();
  }

  @ParameterizedTest
  @CsvSource({"2000, 1024, 2048", "300, 1000, 300", "1000, 0, 1", "500, 1, 1"})
  void theLowestRateIsCountedOverTheReadTimeout(long millis, long rate, long bytes) {
    assertThat(settings(Duration.ofMillis(millis), rate).minProgressBytes()).isEqualTo(bytes);
  }

  @Test
  void textsOfTheServerAreShownWithoutTheToken() {
    HubSettings settings = settings(Duration.ofSeconds(1), 1);
    assertThat(settings.shown("no hf_secret here\n")).isEqualTo("no (hidden) here?");
    assertThat(settings.shown("see http://a/b?key=c")).doesNotContain("key=c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "huggingface.co",
        "ftp://huggingface.co",
        "https://",
        "https://user:word@huggingface.co",
        "https://huggingface.co?a=b",
        "https://huggingface.co#a",
        "https://hugging face.co"
      })
  void anEndpointIsAPlainAddress(String address) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().endpoint(address))
        .withMessageContaining("the endpoint must be an address")
        .withMessageNotContainingAny("user:word", "a=b");
  }

  @Test
  void slashesAtTheEndOfAnEndpointAreLeftOut() {
    assertThat(builder().endpoint(" HTTPS://example.org/hub// ").build())
        .hasToString("HTTPS://example.org/hub");
    assertThat(builder().endpoint("http://a").offline(true).build())
        .hasToString("http://a (offline)");
  }

  @Test
  void limitsBelowTheLeastAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().parallel(0))
        .withMessage("parallel must be at least 1, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().retries(-1))
        .withMessage("retries must be at least 0, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().minBytesPerSecond(-1))
        .withMessage("minBytesPerSecond must be at least 0, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().connectTimeout(Duration.ZERO))
        .withMessage("connectTimeout must be above 0, found PT0S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().readTimeout(Duration.ofSeconds(-1)))
        .withMessage("readTimeout must be above 0, found PT-1S");
    assertThat(
            builder()
                .parallel(1)
                .retries(0)
                .minBytesPerSecond(0)
                .connectTimeout(Duration.ofNanos(1))
                .readTimeout(Duration.ofNanos(1))
                .cache(cache)
                .build()
                .cache())
        .isEqualTo(cache);
  }

  @Test
  void aBuilderStartsFromTheEnvironment() {
    Hub hub =
        Hub.builder(
                Map.of(
                    "HF_ENDPOINT", "http://mirror/",
                    "HF_HUB_CACHE", cache.resolve("c").toString(),
                    "HF_HUB_OFFLINE", "yes"))
            .build();
    assertThat(hub).hasToString("http://mirror (offline)");
    assertThat(hub.cache()).isEqualTo(cache.resolve("c"));
  }
}
