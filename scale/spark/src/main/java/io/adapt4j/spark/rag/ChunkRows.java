package io.adapt4j.spark.rag;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Span;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.ArraySeq;

/** Conversion of chunks with their vectors to rows. */
final class ChunkRows {

  static final StructType SCHEMA =
      new StructType()
          .add("number", DataTypes.IntegerType, false)
          .add("start", DataTypes.IntegerType, false)
          .add("end", DataTypes.IntegerType, false)
          .add("parent_start", DataTypes.IntegerType, false)
          .add("parent_end", DataTypes.IntegerType, false)
          .add("heading", DataTypes.StringType, false)
          .add("text", DataTypes.StringType, false)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false), false);

  private ChunkRows() {}

  static Row row(Chunk chunk, float[] vector) {
    return RowFactory.create(
        chunk.number(),
        chunk.span().start(),
        chunk.span().end(),
        chunk.parent().start(),
        chunk.parent().end(),
        chunk.heading(),
        chunk.text(),
        ArraySeq.unsafeWrapArray(vector));
  }

  static Chunk chunk(String document, Row row) {
    return new Chunk(
        document,
        row.getInt(0),
        new Span(row.getInt(1), row.getInt(2)),
        new Span(row.getInt(3), row.getInt(4)),
        row.getString(5),
        row.getString(6));
  }

  static float[] vector(Row row) {
    List<Float> values = row.getList(7);
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.get(i);
    }
    return vector;
  }
}
