package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.TokenClassifier;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TokenClassifierFinderTest {

  /**
   * Returns entities as the classifier does: one for each label, in BIOES one for the last token.
   */
  private static List<TokenClassifier.Entity> names(String text) {
    List<TokenClassifier.Entity> found = new ArrayList<>();
    Matcher matcher = Pattern.compile("Ann( Lee)?| Bob").matcher(text);
    while (matcher.find()) {
      boolean single = matcher.group().endsWith("Bob");
      int first = single ? matcher.end() : matcher.start() + 3;
      String type = single ? "S-private-person" : "private-person";
      found.add(new TokenClassifier.Entity(type, "", matcher.start(), first, 0.9));
      if (first < matcher.end()) {
        found.add(new TokenClassifier.Entity("E-private-person", "", first, matcher.end(), 0.9));
      }
    }
    return found;
  }

  @Test
  void entitiesInBioesFormAreOneSpanEach() {
    TokenClassifierFinder finder =
        new TokenClassifierFinder(TokenClassifierFinderTest::names, 0.5, () -> {});
    assertThat(PersonalData.patterns().and(finder).mask("Ann Lee and Bob: bob@x.org"))
        .isEqualTo("[PRIVATE_PERSON] and [PRIVATE_PERSON]: [EMAIL]");
  }

  /** The filter's weights are random: what it finds is what is masked, no more and no less. */
  @Test
  void exactlyTheSpansOfThePrivacyFilterAreMasked() {
    Path folder = Path.of("..", "core", "fixtures", "families", "privacy_filter_tokens");
    String text = "my name is ann-marie hill, and the lake is near.";
    String longText = (text + "\n").repeat(30);
    try (TokenClassifier model = TokenClassifier.load(ModelSource.path(folder));
        TokenClassifierFinder finder = TokenClassifierFinder.load(ModelSource.path(folder))) {
      PersonalData data = PersonalData.patterns().and(finder);
      assertThat(PersonalData.patterns().find(longText)).isEmpty();
      assertThat(data.mask(text)).isEqualTo(masked(text, model.entities(text)));
      assertThat(data.mask(longText))
          .contains("[PRIVATE_PERSON]", "[SECRET]")
          .isEqualTo(masked(longText, model.allEntities(longText)));
      assertThat(data.mask(ChatMessage.user(text)))
          .isEqualTo(ChatMessage.user(masked(text, model.entities(text))));
    }
  }

  private static String masked(String text, List<TokenClassifier.Entity> entities) {
    StringBuilder masked = new StringBuilder(text);
    for (int i = entities.size() - 1; i >= 0; i--) {
      TokenClassifier.Entity entity = entities.get(i);
      masked.replace(
          entity.start(), entity.end(), "[" + entity.type().toUpperCase(Locale.ROOT) + "]");
    }
    return masked.toString();
  }

  @Test
  void closingAFinderClosesTheModelItLoaded() {
    Path folder = Path.of("..", "core", "fixtures", "families", "privacy_filter_tokens");
    TokenClassifierFinder finder = TokenClassifierFinder.load(ModelSource.path(folder));
    finder.close();
    assertThatIllegalStateException().isThrownBy(() -> finder.find("ann"));
  }

  @Test
  void doubtfulEntitiesAreLeft() {
    TokenClassifierFinder finder =
        new TokenClassifierFinder(TokenClassifierFinderTest::names, 0.95, () -> {});
    assertThat(finder.find("Ann")).isEmpty();
  }
}
