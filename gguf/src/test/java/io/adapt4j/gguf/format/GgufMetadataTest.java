package io.adapt4j.gguf.format;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Keys and values of every type. */
class GgufMetadataTest {

  private static GgufMetadata.Builder all() {
    return GgufMetadata.builder()
        .string("text", "a")
        .integer("int16", ValueType.INT16, -2)
        .float32("float", 1.5f)
        .float64("double", 2.5)
        .bool("yes", true)
        .bool("no", false)
        .strings("texts", List.of("a", "b"))
        .int32s("ints", new int[] {3, -4})
        .float64s("doubles", new double[] {0.5, -0.25})
        .bools("flags", new boolean[] {true, false, true});
  }

  @Test
  void valuesAreReturnedByTheirType() {
    GgufMetadata metadata = all().build();
    assertThat(metadata.string("text")).contains("a");
    assertThat(metadata.integer("int16")).hasValue(-2);
    assertThat(metadata.number("int16")).hasValue(-2);
    assertThat(metadata.number("float")).hasValue(1.5);
    assertThat(metadata.number("double")).hasValue(2.5);
    assertThat(metadata.bool("yes")).contains(true);
    assertThat(metadata.bool("no")).contains(false);
    assertThat(metadata.strings("texts")).contains(List.of("a", "b"));
    assertThat(metadata.integers("ints")).hasValue(new long[] {3, -4});
    assertThat(metadata.numbers("ints")).hasValue(new double[] {3, -4});
    assertThat(metadata.numbers("doubles")).hasValue(new double[] {0.5, -0.25});
    assertThat(metadata.bools("flags")).hasValue(new boolean[] {true, false, true});
  }

  @Test
  void textsAndBooleansAreNoNumbers() {
    GgufMetadata metadata = all().build();
    assertThat(metadata.number("text")).isEmpty();
    assertThat(metadata.number("yes")).isEmpty();
    assertThat(metadata.numbers("texts")).isEmpty();
    assertThat(metadata.numbers("flags")).isEmpty();
    assertThat(metadata.integers("doubles")).isEmpty();
  }

  @Test
  void zeroIsBelowTheLimitOfUnsignedIntegers() {
    assertThat(GgufMetadata.builder().uint64("n", 0).build().integer("n")).hasValue(0);
  }

  @Test
  void integersFitTheirType() {
    Map.of(
            ValueType.UINT8, new long[] {0, 255},
            ValueType.INT8, new long[] {-128, 127},
            ValueType.UINT16, new long[] {0, 65_535},
            ValueType.INT16, new long[] {-32_768, 32_767},
            ValueType.UINT32, new long[] {0, 4_294_967_295L},
            ValueType.INT32, new long[] {Integer.MIN_VALUE, Integer.MAX_VALUE})
        .forEach(
            (type, range) -> {
              for (long value : range) {
                assertThat(GgufMetadata.builder().integer("n", type, value).build().integer("n"))
                    .as(type.name())
                    .hasValue(value);
              }
              refuses(
                  IllegalArgumentException.class,
                  () -> GgufMetadata.builder().integer("n", type, range[0] - 1),
                  "n");
              refuses(
                  IllegalArgumentException.class,
                  () -> GgufMetadata.builder().integer("n", type, range[1] + 1),
                  "n");
            });
    assertThat(ValueType.UINT64.holds(0)).isTrue();
    assertThat(ValueType.UINT64.holds(-1)).isFalse();
    assertThat(ValueType.INT64.holds(Long.MIN_VALUE)).isTrue();
    assertThat(ValueType.FLOAT32.holds(1)).isFalse();
  }

  @Test
  void aBuilderContinuesFromMetadata() {
    GgufMetadata changed = all().build().toBuilder().string("text", "b").build();
    assertThat(changed.keys()).containsExactlyElementsOf(all().build().keys());
    assertThat(changed.string("text")).contains("b");
    assertThat(changed.bool("yes")).contains(true);
  }

  @Test
  void metadataIsEqualIfKeysOrderTypesAndValuesAre() {
    GgufMetadata metadata = all().build();
    assertThat(metadata).isEqualTo(all().build()).hasSameHashCodeAs(all().build());
    assertThat(metadata.hashCode()).isNotEqualTo(GgufMetadata.builder().build().hashCode());
    GgufMetadata one = GgufMetadata.builder().uint32("a", 1).uint32("b", 1).build();
    assertThat(one)
        .isNotEqualTo(GgufMetadata.builder().uint32("b", 1).uint32("a", 1).build())
        .isNotEqualTo(GgufMetadata.builder().uint32("a", 1).uint32("b", 2).build())
        .isNotEqualTo(GgufMetadata.builder().uint32("a", 1).int32("b", 1).build())
        .isNotEqualTo("metadata");
    MetadataValue list = MetadataValue.strings(true, List.of("a"));
    assertThat(list)
        .isNotEqualTo(MetadataValue.strings(false, List.of("a")))
        .isNotEqualTo(MetadataValue.strings(true, List.of("b")))
        .isNotEqualTo("a");
    assertThat(list.hashCode()).isNotEqualTo(MetadataValue.floats(true, 1).hashCode());
  }

  @Test
  void textShowsTypesAndSingleValues() {
    assertThat(all().build())
        .hasToString(
            "{text=STRING a, int16=INT16 -2, float=FLOAT32 1.5, double=FLOAT64 2.5, yes=BOOL true,"
                + " no=BOOL false, texts=STRING[2] , ints=INT32[2], doubles=FLOAT64[2],"
                + " flags=BOOL[3]}");
  }
}
