"""A Lua converter that HAProxy lacks: decode HTML entities.

AWS: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html
"""

from __future__ import annotations

CONVERTER = "lua.html_entity_decode"
FILE = "html-entities.lua"
"""Relative to the process's working folder."""
SCRIPT = """\
local names = { quot = '"', nbsp = "\\xa0", lt = "<", gt = ">" }

local function character(code)
  if code and code < 256 then
    return string.char(code)
  end
  return code and code < 1114112 and utf8.char(code) or nil
end

core.register_converters("html_entity_decode", function(text)
  return (text:gsub("&(#?%w+);", function(word)
    local hexadecimal, decimal = word:match("^#[xX](%x+)$"), word:match("^#(%d+)$")
    if hexadecimal and #hexadecimal < 9 then
      return character(tonumber(hexadecimal, 16))
    end
    if decimal and #decimal < 9 then
      return character(tonumber(decimal))
    end
    return names[word]
  end))
end)
"""
