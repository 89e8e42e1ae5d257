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
 * Checks a file's stated numbers of rows and sizes. The reader allocates memory by stated page
 * sizes before reading, and returns as many rows as stated, whatever the file contains.
 */
final class PageSizes {

  private static final int HEADER_BYTES = 1 << 13;

  /**
   * Limit of a header's size; headers may state minimum and maximum values, which may be long
   * texts.
   */
  private static final int MOST_HEADER_BYTES = 1 << 25;

  /** Divisor of the memory for a page, which is held compressed, decompressed and as values. */
  private static final int SHARE_OF_MEMORY = 4;

  /** Number of rows of a group that may take no bytes, such as equal values of a column. */
  private static final long FREE_ROWS = 1 << 24;

  /** Maximum number of rows per byte beyond that. */
  private static final long ROWS_OF_A_BYTE = 64;

  private PageSizes() {}

  /** Rejects a file with a page larger than the file or memory, or with more rows than values. */
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
        // A dictionary value takes at least one byte.
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
