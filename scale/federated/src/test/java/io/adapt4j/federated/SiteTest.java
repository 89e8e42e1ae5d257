package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SiteTest {

  private static final Path DATA = Path.of("data");

  @ParameterizedTest
  @CsvSource({
    "../other, expected a name of letters",
    "aux, reserved on Windows",
    "COM1.north, reserved on Windows",
    "north., ends with a dot"
  })
  void namesThatNoFileCanHaveAreRefused(String name, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Site.of(name, DATA))
        .withMessageContaining(name)
        .withMessageContaining(problem);
  }

  @Test
  void othersAreTaken() {
    assertThat(Site.of("auxiliary-1.north_2", DATA).name()).isEqualTo("auxiliary-1.north_2");
  }
}
