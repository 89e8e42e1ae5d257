#!/usr/bin/env bash
# Makes the office files beside it with LibreOffice (Debian: libreoffice-writer-nogui,
# libreoffice-calc-nogui, libreoffice-impress-nogui). They are kept, so that tests do not need it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/returns.fodt" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
  <office:meta><dc:title>Returns</dc:title></office:meta>
  <office:styles>
    <style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph"
        style:default-outline-level="1"/>
  </office:styles>
  <office:body><office:text>
    <text:h text:style-name="Heading_20_1" text:outline-level="1">Returns</text:h>
    <text:p>Shoes may be returned within thirty days.</text:p>
    <text:p>The form is in the parcel.</text:p>
    <table:table table:name="Days"><table:table-column table:number-columns-repeated="2"/>
      <table:table-row><table:table-cell><text:p>Item</text:p></table:table-cell>
        <table:table-cell><text:p>Days</text:p></table:table-cell></table:table-row>
      <table:table-row><table:table-cell><text:p>Shoes</text:p></table:table-cell>
        <table:table-cell><text:p>30</text:p></table:table-cell></table:table-row>
    </table:table>
  </office:text></office:body>
</office:document>
XML

cat >"$work/prices.csv" <<'CSV'
Item,Price
Hat,10
Shoes,42
CSV

cat >"$work/talk.fodp" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
    xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
    xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation">
  <office:body><office:presentation>
    <draw:page draw:name="one"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm">
      <draw:text-box><text:p>First slide</text:p></draw:text-box></draw:frame></draw:page>
    <draw:page draw:name="two"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm">
      <draw:text-box><text:p>Second slide</text:p></draw:text-box></draw:frame></draw:page>
  </office:presentation></office:body>
</office:document>
XML

convert() {
  soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to "$1" \
    --outdir . "$work/$2" >/dev/null
}

convert odt:writer8 returns.fodt
convert 'doc:MS Word 97' returns.fodt
convert epub:EPUB returns.fodt
convert ods:calc8 prices.csv
convert 'xls:MS Excel 97' prices.csv
convert odp:impress8 talk.fodp
ls -l
