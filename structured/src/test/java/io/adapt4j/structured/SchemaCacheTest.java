package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.ConstraintState;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which compiled schemas are kept. */
class SchemaCacheTest {

  private static TextConstraint text(String text) {
    return TextConstraint.literal(text);
  }

  @Test
  void aSchemaThatIsRepeatedIsNotCompiledAgain() {
    String schema = "{\"type\": \"string\", \"maxLength\": 77}";
    assertThat(JsonSchema.parse(schema)).isSameAs(JsonSchema.parse(schema));
    assertThat(JsonSchema.parseSpaced(schema))
        .isSameAs(JsonSchema.parseSpaced(schema))
        .isNotEqualTo(JsonSchema.parse(schema));
  }

  @Test
  void schemasOfValuesThatLookAlikeAreNotMixedUp() {
    assertThat(JsonSchema.of(Map.of("const", 1))).isNotEqualTo(JsonSchema.of(Map.of("const", "1")));
    assertThat(Walk.accepts(JsonSchema.of(Map.of("const", "1")), "\"1\"")).isTrue();
  }

  @Test
  void theOneThatWasNotUsedForLongestIsForgotten() {
    SchemaCache cache = new SchemaCache(2, Long.MAX_VALUE);
    TextConstraint a = cache.get("a", SchemaCacheTest::text);
    TextConstraint b = cache.get("b", SchemaCacheTest::text);
    assertThat(cache.get("a", SchemaCacheTest::text)).isSameAs(a);
    cache.get("c", SchemaCacheTest::text);
    assertThat(cache.size()).isEqualTo(2);
    assertThat(cache.get("a", SchemaCacheTest::text)).isSameAs(a);
    assertThat(cache.get("b", SchemaCacheTest::text)).isNotSameAs(b);
  }

  @Test
  void memoryIsBounded() {
    SchemaCache cache = new SchemaCache(100, 30_000);
    cache.get("x".repeat(1000), SchemaCacheTest::text);
    cache.get("y".repeat(1000), SchemaCacheTest::text);
    assertThat(cache.size()).isEqualTo(2);
    cache.get("z".repeat(10_000), SchemaCacheTest::text);
    assertThat(cache.size()).as("what alone is too large is not kept either").isZero();
  }

  @Test
  void noMoreIsForgottenThanMemoryNeeds() {
    long bytes = text("x".repeat(1000)).bytes();
    SchemaCache cache = new SchemaCache(100, 2 * bytes);
    cache.get("x".repeat(1000), SchemaCacheTest::text);
    cache.get("y".repeat(1000), SchemaCacheTest::text);
    assertThat(cache.size()).as("exactly as much as there may be").isEqualTo(2);
    cache.get("z".repeat(1000), SchemaCacheTest::text);
    assertThat(cache.size()).isEqualTo(2);
  }

  @Test
  void whatIsFoundOutAboutAVocabularyCounts() {
    TextConstraint constraint = Regex.of("[a-z]{1,50}");
    long before = constraint.bytes();
    ConstraintState state = constraint.begin(Walk.BYTES, false);
    for (int i = 0; i < 40; i++) {
      state.allowed();
      state.accept('a');
    }
    assertThat(constraint.bytes()).isGreaterThan(before + 1000);
    assertThat(List.of("a", "ab")).allMatch(text -> Walk.accepts(constraint, text));
  }
}
