package io.adapt4j.gguf.format;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a GGUF file with their typed values, in the file's order.
 *
 * <p>Getters return an empty value both for a missing key and for a value of another type: {@link
 * #integer} takes any integer type, {@link #number} any integer or floating-point type, and the
 * getters of arrays take arrays only.
 *
 * <p>Immutable and thread-safe.
 */
public final class GgufMetadata {

  /** Key of the alignment of tensors. */
  public static final String ALIGNMENT = "general.alignment";

  private final Map<String, MetadataValue> values;

  private GgufMetadata(Map<String, MetadataValue> values) {
    this.values = values;
  }

  /** {@return a builder without keys} */
  public static Builder builder() {
    return new Builder();
  }

  static GgufMetadata of(Map<String, MetadataValue> values) {
    return new GgufMetadata(Collections.unmodifiableMap(new LinkedHashMap<>(values)));
  }

  /** {@return a builder initialized with these keys} */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.values.putAll(values);
    return builder;
  }

  /** {@return the keys in the file's order} */
  public Set<String> keys() {
    return values.keySet();
  }

  Map<String, MetadataValue> values() {
    return values;
  }

  /**
   * Returns the type of a value, or of the elements of an array.
   *
   * @param key the key
   * @return the type; empty if the key is missing
   */
  public Optional<ValueType> type(String key) {
    return Optional.ofNullable(values.get(key)).map(MetadataValue::type);
  }

  /**
   * Returns whether a value is an array.
   *
   * @return true if the key is there and its value an array
   */
  public boolean isArray(String key) {
    MetadataValue value = values.get(key);
    return value != null && value.isArray();
  }

  /**
   * Returns a text.
   *
   * @return the value
   */
  public Optional<String> string(String key) {
    return scalar(key, ValueType.STRING).map(value -> value.strings().get(0));
  }

  /**
   * Returns an integer of any type.
   *
   * @return the value
   * @throws GgufException if it is a uint64 of 2^63 or more
   */
  public OptionalLong integer(String key) {
    MetadataValue value = values.get(key);
    if (value == null || value.isArray() || !value.type().isInteger()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(checkedInteger(key, value, 0));
  }

  /**
   * Returns a number of any integer or floating-point type.
   *
   * @return the value
   * @throws GgufException if it is a uint64 of 2^63 or more
   */
  public OptionalDouble number(String key) {
    MetadataValue value = values.get(key);
    if (value == null || value.isArray() || !isNumber(value)) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(checkedNumber(key, value, 0));
  }

  /**
   * Returns a boolean.
   *
   * @return the value
   */
  public Optional<Boolean> bool(String key) {
    return scalar(key, ValueType.BOOL).map(value -> value.bool(0));
  }

  /**
   * Returns an array of texts.
   *
   * @return the elements
   */
  public Optional<List<String>> strings(String key) {
    return array(key, ValueType.STRING).map(MetadataValue::strings);
  }

  /**
   * Returns an array of integers of any type.
   *
   * @return the elements
   * @throws GgufException if one is a uint64 of 2^63 or more
   */
  public Optional<long[]> integers(String key) {
    MetadataValue value = values.get(key);
    if (value == null || !value.isArray() || !value.type().isInteger()) {
      return Optional.empty();
    }
    return Optional.of(
        IntStream.range(0, value.size()).mapToLong(i -> checkedInteger(key, value, i)).toArray());
  }

  /**
   * Returns an array of numbers of any integer or floating-point type.
   *
   * @return the elements
   * @throws GgufException if one is a uint64 of 2^63 or more
   */
  public Optional<double[]> numbers(String key) {
    MetadataValue value = values.get(key);
    if (value == null || !value.isArray() || !isNumber(value)) {
      return Optional.empty();
    }
    return Optional.of(
        IntStream.range(0, value.size()).mapToDouble(i -> checkedNumber(key, value, i)).toArray());
  }

  /**
   * Returns an array of booleans.
   *
   * @return the elements
   */
  public Optional<boolean[]> bools(String key) {
    return array(key, ValueType.BOOL)
        .map(
            value -> {
              boolean[] elements = new boolean[value.size()];
              for (int i = 0; i < elements.length; i++) {
                elements[i] = value.bool(i);
              }
              return elements;
            });
  }

  private Optional<MetadataValue> scalar(String key, ValueType type) {
    return Optional.ofNullable(values.get(key))
        .filter(value -> !value.isArray() && value.type() == type);
  }

  private Optional<MetadataValue> array(String key, ValueType type) {
    return Optional.ofNullable(values.get(key))
        .filter(value -> value.isArray() && value.type() == type);
  }

  private static boolean isNumber(MetadataValue value) {
    return value.type().isInteger() || value.type().isFloat();
  }

  private static double checkedNumber(String key, MetadataValue value, int index) {
    return value.type().isFloat() ? value.number(index) : checkedInteger(key, value, index);
  }

  private static long checkedInteger(String key, MetadataValue value, int index) {
    long integer = value.integer(index);
    if (value.type() == ValueType.UINT64 && integer < 0) {
      throw new GgufException(
          "%s: expected a number below 2^63, found %s. Write the file with a smaller one."
              .formatted(key, Long.toUnsignedString(integer)));
    }
    return integer;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GgufMetadata that
        && List.copyOf(values.entrySet()).equals(List.copyOf(that.values.entrySet()));
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }

  /** Builder of metadata. A key that is set again keeps its position. */
  public static final class Builder {

    private final Map<String, MetadataValue> values = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Sets a text.
     *
     * @param value the value
     */
    public Builder string(String key, String value) {
      return put(key, MetadataValue.strings(false, List.of(value)));
    }

    /**
     * Sets an unsigned number of 32 bits.
     *
     * @throws IllegalArgumentException if the value does not fit the type
     */
    public Builder uint32(String key, long value) {
      return integer(key, ValueType.UINT32, value);
    }

    /** Sets a signed number of 32 bits. */
    public Builder int32(String key, int value) {
      return integer(key, ValueType.INT32, value);
    }

    /**
     * Sets an unsigned number of 64 bits.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder uint64(String key, long value) {
      return integer(key, ValueType.UINT64, value);
    }

    /**
     * Sets an integer.
     *
     * @param type an integer type
     * @throws IllegalArgumentException if the value does not fit the type
     */
    public Builder integer(String key, ValueType type, long value) {
      return put(key, MetadataValue.integers(type, false, check(key, type, value)));
    }

    /** Sets a floating-point number of 32 bits. */
    public Builder float32(String key, float value) {
      return put(key, MetadataValue.floats(false, value));
    }

    /** Sets a floating-point number of 64 bits. */
    public Builder float64(String key, double value) {
      return put(key, MetadataValue.doubles(false, value));
    }

    /** Sets a boolean. */
    public Builder bool(String key, boolean value) {
      return put(key, MetadataValue.numbers(ValueType.BOOL, false, new byte[] {bit(value)}));
    }

    /**
     * Sets an array of texts.
     *
     * @param values the elements
     */
    public Builder strings(String key, List<String> values) {
      return put(key, MetadataValue.strings(true, values));
    }

    /** Sets an array of signed numbers of 32 bits. */
    public Builder int32s(String key, int[] values) {
      return integers(key, ValueType.INT32, IntStream.of(values).asLongStream().toArray());
    }

    /**
     * Sets an array of integers.
     *
     * @throws IllegalArgumentException if an element does not fit the type
     */
    public Builder integers(String key, ValueType type, long[] values) {
      for (long value : values) {
        check(key, type, value);
      }
      return put(key, MetadataValue.integers(type, true, values));
    }

    /** Sets an array of floating-point numbers of 32 bits. */
    public Builder float32s(String key, float[] values) {
      return put(key, MetadataValue.floats(true, values));
    }

    /** Sets an array of floating-point numbers of 64 bits. */
    public Builder float64s(String key, double[] values) {
      return put(key, MetadataValue.doubles(true, values));
    }

    /** Sets an array of booleans. */
    public Builder bools(String key, boolean[] values) {
      byte[] bytes = new byte[values.length];
      for (int i = 0; i < values.length; i++) {
        bytes[i] = bit(values[i]);
      }
      return put(key, MetadataValue.numbers(ValueType.BOOL, true, bytes));
    }

    /** {@return the metadata with the keys set so far} */
    public GgufMetadata build() {
      return of(values);
    }

    private Builder put(String key, MetadataValue value) {
      values.put(key, value);
      return this;
    }

    private static byte bit(boolean value) {
      return (byte) (value ? 1 : 0);
    }

    private static long check(String key, ValueType type, long value) {
      if (!type.holds(value)) {
        throw new IllegalArgumentException(
            "%s: expected a number that %s holds, found %d".formatted(key, type, value));
      }
      return value;
    }
  }
}
