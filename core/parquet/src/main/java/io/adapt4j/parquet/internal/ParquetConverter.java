package io.adapt4j.parquet.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.adapt4j.core.data.JsonLinesConverter;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/**
 * Converts Parquet to JSON Lines: lists become arrays, maps and structs objects, dates and times
 * ISO 8601 text, binary values base64. Null values are omitted. One row group is in memory at a
 * time. Pages may be compressed with Snappy, Zstandard or gzip.
 *
 * <p>Used automatically by {@link io.adapt4j.core.data.Datasets#read}.
 */
public final class ParquetConverter implements JsonLinesConverter {

  private static final byte[] MAGIC = {'P', 'A', 'R', '1'};

  public ParquetConverter() {}

  @Override
  public String format() {
    return "Parquet";
  }

  @Override
  public boolean reads(byte[] first) {
    return Arrays.equals(first, MAGIC);
  }

  @Override
  public void convert(Path file, OutputStream out) throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new Codecs())
            .build();
    try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), options);
        JsonGenerator json = new JsonFactory().createGenerator(new Unclosed(out))) {
      PageSizes.require(file, reader);
      json.setRootValueSeparator(null);
      MessageType schema = reader.getFileMetaData().getSchema();
      MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
      PageReadStore pages;
      while ((pages = reader.readNextRowGroup()) != null) {
        RecordReader<Group> rows = columns.getRecordReader(pages, new GroupRecordConverter(schema));
        for (long row = 0; row < pages.getRowCount(); row++) {
          GroupJson.write(rows.read(), json);
          json.writeRaw('\n');
        }
      }
    }
  }

  /** Leaves closing to the caller. */
  private static final class Unclosed extends FilterOutputStream {

    Unclosed(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int start, int length) throws IOException {
      out.write(bytes, start, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
