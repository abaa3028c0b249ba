"""The controllers of VPCs and interface endpoints: routers, interfaces, routes and policies."""
