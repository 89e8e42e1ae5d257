package io.adapt4j.rag.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresAddressTest {

  @Test
  void userAndPasswordStandApartFromTheAddress() {
    PostgresAddress address =
        PostgresAddress.of("jdbc:postgresql://h/db?user=me%40home&ssl=true&password=a%26b+c&x=1");
    assertThat(address.url()).isEqualTo("jdbc:postgresql://h/db?ssl=true&x=1");
    assertThat(address.user()).hasValue("me@home");
    assertThat(address.password()).hasValue("a&b c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdbc:postgresql://h/db", "jdbc:postgresql:db", "jdbc:other:x?ssl=true"})
  void anAddressWithoutThemIsTakenAsItIs(String url) {
    assertThat(PostgresAddress.of(url))
        .isEqualTo(new PostgresAddress(url, Optional.empty(), Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://me:secret@h/db",
        "jdbc:postgresql://secret@h/db?ssl=true",
        "jdbc:postgresql://h/db?password=secret%zz"
      })
  void whatTheDriverWouldNotUnderstandIsRefusedWithoutSayingIt(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PostgresAddress.of(url))
        .withMessageStartingWith("url: ")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
  }
}
