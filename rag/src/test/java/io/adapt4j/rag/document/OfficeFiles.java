package io.adapt4j.rag.document;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.poi.hslf.usermodel.HSLFSlideShow;
import org.apache.poi.hslf.usermodel.HSLFTextBox;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xslf.usermodel.XSLFSlide;
import org.apache.poi.xslf.usermodel.XSLFTextBox;
import org.apache.poi.xssf.usermodel.XSSFSheet;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.apache.poi.xwpf.usermodel.XWPFParagraph;
import org.apache.poi.xwpf.usermodel.XWPFStyle;
import org.apache.poi.xwpf.usermodel.XWPFTable;
import org.openxmlformats.schemas.wordprocessingml.x2006.main.CTStyle;

/** Real office files, made by the libraries that write them. */
final class OfficeFiles {

  private OfficeFiles() {}

  /** A PDF file with a title and a line of text a page. */
  static byte[] pdf(String title, String... pages) throws IOException {
    try (PDDocument document = document(title, pages)) {
      return bytes(document);
    }
  }

  static byte[] encryptedPdf() throws IOException {
    try (PDDocument document = document("Secret", "A secret.")) {
      document.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
      return bytes(document);
    }
  }

  /** A PDF file of a few kilobytes whose one page's content inflates to so many bytes. */
  static byte[] pdfBomb(int inflated) throws IOException {
    try (PDDocument document = new PDDocument()) {
      PDPage page = new PDPage();
      document.addPage(page);
      byte[] blanks = new byte[inflated];
      Arrays.fill(blanks, (byte) ' ');
      page.setContents(
          new PDStream(document, new ByteArrayInputStream(blanks), COSName.FLATE_DECODE));
      return bytes(document);
    }
  }

  static byte[] docx(String title, String heading, String paragraph) throws IOException {
    try (XWPFDocument document = new XWPFDocument()) {
      document.getProperties().getCoreProperties().setTitle(title);
      document.getProperties().getCoreProperties().setCreator("A. Writer");
      document.createStyles();
      addHeading(document, heading);
      document.createParagraph().createRun().setText(paragraph);
      XWPFTable table = document.createTable(2, 2);
      table.getRow(0).getCell(0).setText("Item");
      table.getRow(0).getCell(1).setText("Days");
      table.getRow(1).getCell(0).setText("Shoes");
      table.getRow(1).getCell(1).setText("30");
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      document.write(bytes);
      return bytes.toByteArray();
    }
  }

  private static void addHeading(XWPFDocument document, String heading) {
    CTStyle style = CTStyle.Factory.newInstance();
    style.setStyleId("Heading1");
    style.addNewName().setVal("heading 1");
    document.getStyles().addStyle(new XWPFStyle(style));
    XWPFParagraph paragraph = document.createParagraph();
    paragraph.setStyle("Heading1");
    paragraph.createRun().setText(heading);
  }

  static byte[] pptx(String... slides) throws IOException {
    try (XMLSlideShow show = new XMLSlideShow()) {
      for (String text : slides) {
        XSLFSlide slide = show.createSlide();
        XSLFTextBox box = slide.createTextBox();
        box.setText(text);
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      show.write(bytes);
      return bytes.toByteArray();
    }
  }

  /** An electronic book of one page. */
  static byte[] epub(String heading, String paragraph) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "mimetype", "application/epub+zip");
      add(
          zip,
          "META-INF/container.xml",
          """
          <container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
            <rootfiles><rootfile full-path="book.opf"
              media-type="application/oebps-package+xml"/></rootfiles>
          </container>
          """);
      add(
          zip,
          "book.opf",
          """
          <package xmlns="http://www.idpf.org/2007/opf" version="3.0">
            <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title></metadata>
            <manifest><item id="one" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>
            <spine><itemref idref="one"/></spine>
          </package>
          """);
      add(
          zip,
          "one.xhtml",
          "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>%s</h1><p>%s</p></body></html>"
              .formatted(heading, paragraph));
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(text.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }

  static byte[] ppt(String... slides) throws IOException {
    try (HSLFSlideShow show = new HSLFSlideShow()) {
      for (String text : slides) {
        HSLFTextBox box = show.createSlide().createTextBox();
        box.setText(text);
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      show.write(bytes);
      return bytes.toByteArray();
    }
  }

  static byte[] xlsx(String sheet, String[]... rows) throws IOException {
    try (XSSFWorkbook book = new XSSFWorkbook()) {
      XSSFSheet first = book.createSheet(sheet);
      for (int i = 0; i < rows.length; i++) {
        for (int j = 0; j < rows[i].length; j++) {
          (j == 0 ? first.createRow(i) : first.getRow(i)).createCell(j).setCellValue(rows[i][j]);
        }
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      book.write(bytes);
      return bytes.toByteArray();
    }
  }

  /** An Outlook message: streams named by the property they hold. */
  static byte[] msg(String subject, String body) throws IOException {
    try (POIFSFileSystem file = new POIFSFileSystem()) {
      add(file, "__substg1.0_001A001F", "IPM.Note");
      add(file, "__substg1.0_0037001F", subject);
      add(file, "__substg1.0_1000001F", body);
      add(file, "__substg1.0_0C1A001F", "Ann Sender");
      file.createDocument(new ByteArrayInputStream(new byte[32]), "__properties_version1.0");
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      file.writeFilesystem(bytes);
      return bytes.toByteArray();
    }
  }

  private static void add(POIFSFileSystem file, String name, String value) throws IOException {
    file.createDocument(new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_16LE)), name);
  }

  static byte[] eml(String subject, String body) {
    return String.join(
            "\r\n",
            "From: Ann <ann@example.org>",
            "To: Bob <bob@example.org>",
            "Subject: " + subject,
            "Date: Tue, 3 Mar 2026 10:00:00 +0000",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "",
            body,
            "")
        .getBytes(StandardCharsets.UTF_8);
  }

  static byte[] emlWithAttachment(String subject, String body, String name, byte[] attachment) {
    return String.join(
            "\r\n",
            "From: ann@example.org",
            "To: bob@example.org",
            "Subject: " + subject,
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=\"part\"",
            "",
            "--part",
            "Content-Type: text/plain; charset=utf-8",
            "",
            body,
            "--part",
            "Content-Type: application/octet-stream; name=\"" + name + "\"",
            "Content-Disposition: attachment; filename=\"" + name + "\"",
            "Content-Transfer-Encoding: base64",
            "",
            Base64.getMimeEncoder().encodeToString(attachment),
            "--part--",
            "")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static PDDocument document(String title, String... pages) throws IOException {
    PDDocument document = new PDDocument();
    document.getDocumentInformation().setTitle(title);
    for (String text : pages) {
      PDPage page = new PDPage();
      document.addPage(page);
      try (PDPageContentStream content = new PDPageContentStream(document, page)) {
        content.beginText();
        content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
        content.newLineAtOffset(50, 700);
        for (String line : text.lines().toList()) {
          content.showText(line);
          content.newLineAtOffset(0, -14);
        }
        content.endText();
      }
    }
    return document;
  }

  private static byte[] bytes(PDDocument document) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    document.save(bytes);
    return bytes.toByteArray();
  }
}
