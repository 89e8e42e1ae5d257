package io.adapt4j.core.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The results of a search under every fault at every call. */
class SearchFolderUnderFaultsTest {

  private static void store(Path folder, double value) throws Exception {
    try (SearchFolder search = SearchFolder.open(folder)) {
      search.describe(Json.parse("{\"a\": 1}"));
      search.store(
          List.of(
              new TrialResult(
                  new Trial(1, Map.of("rate", 0.1)), 0, 3, value, 2, 1.5, Optional.empty())));
    }
  }

  private static String read(Path folder) {
    try (SearchFolder search = SearchFolder.open(folder)) {
      return search.results().stream().map(TrialResult::value).toList().toString();
    }
  }

  @Test
  void results() throws Exception {
    int faults =
        FaultCheck.of("search")
            .before(folder -> store(folder, 1))
            .writing(folder -> store(folder, 2))
            .reading(SearchFolderUnderFaultsTest::read)
            .keeping(".lock")
            .sweeping()
            .run();
    assertThat(faults).isGreaterThan(100);
  }
}
