package io.adapt4j.parquet.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * Checks the numbers of rows and the sizes that a file states. The reader takes memory by the sizes
 * of pages before it reads them, and gives as many rows as are stated, whatever a file has.
 */
final class PageSizes {

  private static final int HEADER_BYTES = 1 << 13;

  /** Headers may state the least and the largest value, which may be long texts. */
  private static final int MOST_HEADER_BYTES = 1 << 25;

  /** A page is in memory packed and unpacked, and its values besides. */
  private static final int SHARE_OF_MEMORY = 4;

  /** Rows of a group that may take no bytes, as equal values of a column do. */
  private static final long FREE_ROWS = 1 << 24;

  /** More rows must be as many to a byte at most. */
  private static final long ROWS_OF_A_BYTE = 64;

  private PageSizes() {}

  /**
   * Refuses a file with a page that is larger than the file or than memory, and one with more rows
   * than values.
   */
  static void require(Path file, ParquetFileReader reader) throws IOException {
    long length = Files.size(file);
    try (SeekableInputStream in = new LocalInputFile(file).newStream()) {
      for (BlockMetaData group : reader.getRowGroups()) {
        long most = FREE_ROWS + ROWS_OF_A_BYTE * Math.min(length, group.getCompressedSize());
        for (ColumnChunkMetaData column : group.getColumns()) {
          requireRows(group.getRowCount(), Math.min(most, column.getValueCount()));
          require(in, column, length);
        }
      }
    }
  }

  private static void requireRows(long rows, long most) throws IOException {
    if (rows < 0 || rows > most) {
      throw new IOException(
          "expected a group of at most %d rows, by its values and bytes, found %d"
              .formatted(most, rows));
    }
  }

  private static void require(SeekableInputStream in, ColumnChunkMetaData column, long length)
      throws IOException {
    long at = column.getStartingPos();
    long values = 0;
    while (values < column.getValueCount()) {
      if (at < 0 || at >= length) {
        throw new IOException(
            "column %s: expected a page at byte %d, found the end of the file"
                .formatted(column.getPath(), at));
      }
      Header found = header(in, at, HEADER_BYTES);
      PageHeader header = found.page();
      at += found.bytes();
      within(column, at, "bytes stored", header.getCompressed_page_size(), length - at);
      int unpacked = header.getUncompressed_page_size();
      long memory = Runtime.getRuntime().maxMemory() / SHARE_OF_MEMORY;
      within(column, at, "bytes unpacked", unpacked, memory);
      if (header.isSetDictionary_page_header()) {
        // No value of a dictionary takes less than a byte.
        int distinct = header.getDictionary_page_header().getNum_values();
        within(column, at, "distinct values", distinct, unpacked);
      }
      at += header.getCompressed_page_size();
      values += values(header);
    }
  }

  private record Header(PageHeader page, int bytes) {}

  private static Header header(SeekableInputStream in, long at, int most) throws IOException {
    in.seek(at);
    byte[] bytes = in.readNBytes(most);
    ByteArrayInputStream rest = new ByteArrayInputStream(bytes);
    try {
      PageHeader page = Util.readPageHeader(rest);
      return new Header(page, bytes.length - rest.available());
    } catch (IOException e) {
      if (bytes.length < most || most >= MOST_HEADER_BYTES) {
        throw e;
      }
      return header(in, at, most << 4);
    }
  }

  private static long values(PageHeader header) {
    if (header.isSetData_page_header()) {
      return header.getData_page_header().getNum_values();
    }
    return header.isSetData_page_header_v2() ? header.getData_page_header_v2().getNum_values() : 0;
  }

  private static void within(
      ColumnChunkMetaData column, long at, String what, long count, long most) throws IOException {
    if (count < 0 || count > most) {
      throw new IOException(
          "column %s: expected a page of at most %d %s before byte %d, found %d"
              .formatted(column.getPath(), most, what, at, count));
    }
  }
}
