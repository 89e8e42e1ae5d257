package io.adapt4j.parquet.internal;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * Writes groups of Parquet as JSON, by the logical types of the format's specification
 * (LogicalTypes.md).
 */
final class GroupJson {

  private static final long JULIAN_DAY_OF_EPOCH = 2_440_588;

  private GroupJson() {}

  static void write(Group group, JsonGenerator json) throws IOException {
    json.writeStartObject();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      int count = group.getFieldRepetitionCount(field);
      Type of = type.getType(field);
      if (of.isRepetition(Type.Repetition.REPEATED)) {
        json.writeArrayFieldStart(of.getName());
        for (int i = 0; i < count; i++) {
          value(group, field, i, json);
        }
        json.writeEndArray();
      } else if (count > 0) {
        json.writeFieldName(of.getName());
        value(group, field, 0, json);
      }
    }
    json.writeEndObject();
  }

  private static void value(Group group, int field, int index, JsonGenerator json)
      throws IOException {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      primitive(group, field, index, type.asPrimitiveType(), json);
      return;
    }
    Group inner = group.getGroup(field, index);
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof ListLogicalTypeAnnotation) {
      list(inner, json);
    } else if (logical instanceof MapLogicalTypeAnnotation) {
      map(inner, json);
    } else {
      write(inner, json);
    }
  }

  /**
   * Writes a list: a repeated group of one element or, in old files, the repeated element itself.
   */
  private static void list(Group list, JsonGenerator json) throws IOException {
    Type repeated = list.getType().getType(0);
    boolean wrapped =
        !repeated.isPrimitive()
            && repeated.asGroupType().getFieldCount() == 1
            && !repeated.getName().equals("array")
            && !repeated.getName().endsWith("_tuple");
    json.writeStartArray();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      if (!wrapped) {
        value(list, 0, i, json);
      } else if (list.getGroup(0, i).getFieldRepetitionCount(0) == 0) {
        json.writeNull();
      } else {
        value(list.getGroup(0, i), 0, 0, json);
      }
    }
    json.writeEndArray();
  }

  private static void map(Group map, JsonGenerator json) throws IOException {
    json.writeStartObject();
    for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
      Group entry = map.getGroup(0, i);
      json.writeFieldName(entry.getValueToString(0, 0));
      if (entry.getType().getFieldCount() < 2 || entry.getFieldRepetitionCount(1) == 0) {
        json.writeNull();
      } else {
        value(entry, 1, 0, json);
      }
    }
    json.writeEndObject();
  }

  private static void primitive(
      Group group, int field, int index, PrimitiveType type, JsonGenerator json)
      throws IOException {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> json.writeBoolean(group.getBoolean(field, index));
      case INT32 -> integer(group.getInteger(field, index), logical, json);
      case INT64 -> integer(group.getLong(field, index), logical, json);
      case FLOAT -> json.writeNumber(group.getFloat(field, index));
      case DOUBLE -> json.writeNumber(group.getDouble(field, index));
      case INT96 -> json.writeString(legacyTime(group, field, index).toString());
      case BINARY, FIXED_LEN_BYTE_ARRAY ->
          binary(group.getBinary(field, index).getBytes(), logical, json);
    }
  }

  private static void integer(long value, LogicalTypeAnnotation logical, JsonGenerator json)
      throws IOException {
    if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      json.writeNumber(BigDecimal.valueOf(value, decimal.getScale()));
    } else if (logical instanceof DateLogicalTypeAnnotation) {
      json.writeString(LocalDate.ofEpochDay(value).toString());
    } else if (logical instanceof TimestampLogicalTypeAnnotation time) {
      json.writeString(Instant.EPOCH.plus(value, unit(time.getUnit())).toString());
    } else if (logical instanceof TimeLogicalTypeAnnotation time) {
      json.writeString(LocalTime.MIDNIGHT.plus(value, unit(time.getUnit())).toString());
    } else {
      json.writeNumber(value);
    }
  }

  private static ChronoUnit unit(TimeUnit unit) {
    return switch (unit) {
      case MILLIS -> ChronoUnit.MILLIS;
      case MICROS -> ChronoUnit.MICROS;
      case NANOS -> ChronoUnit.NANOS;
    };
  }

  private static void binary(byte[] bytes, LogicalTypeAnnotation logical, JsonGenerator json)
      throws IOException {
    if (logical instanceof StringLogicalTypeAnnotation
        || logical instanceof EnumLogicalTypeAnnotation
        || logical instanceof JsonLogicalTypeAnnotation) {
      json.writeUTF8String(bytes, 0, bytes.length);
    } else if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      json.writeNumber(new BigDecimal(new BigInteger(bytes), decimal.getScale()));
    } else {
      json.writeBinary(bytes);
    }
  }

  /** Reads a legacy timestamp of twelve bytes: nanoseconds of the day, and the Julian day. */
  private static Instant legacyTime(Group group, int field, int index) {
    ByteBuffer bytes = group.getInt96(field, index).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long nanos = bytes.getLong();
    long day = bytes.getInt() & 0xFFFF_FFFFL;
    return Instant.EPOCH.plus(day - JULIAN_DAY_OF_EPOCH, ChronoUnit.DAYS).plusNanos(nanos);
  }
}
