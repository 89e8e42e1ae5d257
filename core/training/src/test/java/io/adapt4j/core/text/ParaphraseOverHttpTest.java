package io.adapt4j.core.text;

import static io.adapt4j.core.text.TestServer.completion;
import static io.adapt4j.core.text.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.augment.Augmented;
import io.adapt4j.core.augment.Paraphraser;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParaphraseOverHttpTest {

  private static final Dataset FACTS =
      Datasets.of(
          IntStream.range(0, 12)
              .mapToObj(i -> new Example.Text("item " + i + " lies on the shelf"))
              .toList());

  @TempDir private Path folder;

  @Test
  void aRunAgainstAServerThatFailsInTheMiddleIsResumedWithoutPayingTwice() {
    AtomicInteger answered = new AtomicInteger();
    try (TestServer server = new TestServer()) {
      server.always(
          (exchange, body) -> {
            JsonNode request = Json.parse(body);
            String prompt = request.path("messages").path(0).path("content").textValue();
            boolean broken = answered.get() >= 20 && request.path("user").isMissingNode();
            if (!broken) {
              answered.incrementAndGet();
            }
            json(broken ? 401 : 200, completion(paraphrase(prompt), "stop")).send(exchange, body);
          });
      Paraphraser first = paraphraser(server.client().parallel(3).build());
      assertThatThrownBy(() -> first.augment(FACTS)).isInstanceOf(GeneratorException.class);
      int paid = answered.get();
      assertThat(paid).isGreaterThanOrEqualTo(20);

      TextGenerator works =
          TextGenerator.named(
              server.client().build().identity().orElseThrow(),
              server.client().parallel(3).body("user", "again").build());
      Augmented resumed = paraphraser(works).augment(FACTS);
      assertThat(resumed.report().cached()).isEqualTo(paid);
      assertThat(resumed.report().produced()).isEqualTo(36);
      assertThat(answered.get()).isEqualTo(36);
    }
  }

  private Paraphraser paraphraser(TextGenerator generator) {
    return Paraphraser.by(generator).paraphrases(3).cache(AnswerCache.at(folder));
  }

  private static String paraphrase(String prompt) {
    String text = prompt.replaceAll("(?s).*-----\n(.*)\n-----", "$1");
    List<String> ends = List.of("as they say", "and has done so for long", "which is remarkable");
    for (int i = 0; i < ends.size(); i++) {
      if (prompt.contains(Paraphraser.DEFAULT_STYLES.get(i))) {
        return text + ", " + ends.get(i);
      }
    }
    return text + " in some other style";
  }
}
