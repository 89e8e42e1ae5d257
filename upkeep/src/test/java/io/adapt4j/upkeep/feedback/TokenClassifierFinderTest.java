package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.TokenClassifier;
import java.util.ArrayList;
import java.util.List;
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
        new TokenClassifierFinder(TokenClassifierFinderTest::names, 0.5, 400);
    assertThat(PersonalData.patterns().and(finder).mask("Ann Lee and Bob: bob@x.org"))
        .isEqualTo("[PRIVATE_PERSON] and [PRIVATE_PERSON]: [EMAIL]");
  }

  @Test
  void longTextsAreReadInWindowsThatOverlap() {
    TokenClassifierFinder finder =
        new TokenClassifierFinder(TokenClassifierFinderTest::names, 0.5, 40);
    String text = "0123456789 Ann Lee ".repeat(50);
    assertThat(PersonalData.patterns().and(finder).mask(text))
        .isEqualTo("0123456789 [PRIVATE_PERSON] ".repeat(50));
  }

  @Test
  void doubtfulEntitiesAreLeft() {
    TokenClassifierFinder finder =
        new TokenClassifierFinder(TokenClassifierFinderTest::names, 0.95, 400);
    assertThat(finder.find("Ann")).isEmpty();
  }
}
